/** What can go wrong, one code for each different thing a viewer can do about it. */
export type ErrorCode =
  /** The browser has no WebRTC. */
  | 'unsupported'
  /** Nothing answers at the server's address, or the browser does not accept its certificate. */
  | 'unreachable'
  /** The server answered, with an error of its own. */
  | 'refused'
  /** The server is about to be started anew, and lets nobody in until it is. */
  | 'restarting'
  /** As many watch as the server allows. */
  | 'server-full'
  /** The browser cannot show H.264, which films are sent in. */
  | 'no-h264'
  /** The server wants a token, or another one. */
  | 'not-allowed'
  /** The server runs without the play plugin. */
  | 'no-plugin'
  /** The server took a request and went silent. */
  | 'no-answer'
  /** Signalling works and media cannot get through. */
  | 'no-media-path'
  /** The connection stood and is gone. */
  | 'lost'
  /** The server has no file of that name. */
  | 'no-such-file'
  /** The file is there and cannot be played. */
  | 'cannot-play'
  /** The call makes no sense in this state. */
  | 'wrong-state'
  /** The channel was closed meanwhile. */
  | 'closed';

/** Every error this package rejects with. */
export class PlayError extends Error {
  readonly code: ErrorCode;
  /** The server's or the browser's own words, where there are any. */
  readonly detail: string;

  constructor(code: ErrorCode, detail = '', cause?: unknown) {
    super(detail ? `${code}: ${detail}` : code, { cause });
    this.name = 'PlayError';
    this.code = code;
    this.detail = detail;
  }

  /** `error` itself if it is one of ours, else wrapped. */
  static from(error: unknown, code: ErrorCode = 'refused'): PlayError {
    if (error instanceof PlayError) return error;
    return new PlayError(code, error instanceof Error ? error.message : String(error), error);
  }
}
