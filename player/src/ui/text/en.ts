import type { PlayError } from '../../core/index.ts';

/** What an error sentence may name. */
export interface ErrorContext {
  server: string;
  file: string;
  /** Whether the server offered a TURN relay. */
  relay: boolean;
}

export const en = {
  language: 'en',
  otherLanguage: '中文',
  otherLanguageTag: 'zh-CN',
  switchLanguage: '切换到中文',
  title: 'Janus Play',
  tagline: 'Films and sound, live over WebRTC',

  library: 'Library',
  films: 'Films',
  sounds: 'Sound',
  empty: 'No files are listed here. Type the name of one below.',
  otherFile: 'Another file',
  otherFileHint: 'Name of the file',
  openFile: 'Open',
  playAll: 'Play all',

  chooseFile: 'Choose a film or a sound file',
  chooseFileHint: 'It plays in this page, sent live by the server.',
  probing: 'Looking at the file …',
  missing: 'The server has no file of this name.',
  unplayable: (reason: string) => `Cannot be played: ${reason || 'the server gives no reason'}`,

  play: 'Play',
  pause: 'Pause',
  resume: 'Resume',
  stop: 'Stop',
  mute: 'Mute',
  unmute: 'Unmute',
  volume: 'Volume',
  fullscreen: 'Full screen',
  exitFullscreen: 'Leave full screen',
  player: 'Player',
  controls: 'Controls',
  progress: 'Position',
  timeOf: (position: string, duration: string) => `${position} of ${duration}`,
  loop: 'Repeat',
  pictureInPicture: 'Picture in picture',
  soundTrack: 'Sound',
  captions: 'Captions',
  captionsOff: 'Off',
  noCaptions: 'No captions',
  next: 'Next',
  previous: 'Previous',
  skipped: (file: string, reason: string) => `“${file}” was passed over: ${reason || 'it cannot be played'}`,
  starting: 'Starting …',
  reconnecting: 'The connection is gone. Connecting again …',
  blocked: 'The browser keeps the sound off until you say so.',
  turnOnSound: 'Turn on sound',

  channel: 'Connection',
  playback: 'Playback',
  channelState: {
    initialized: 'Connecting …',
    connected: 'Server reached …',
    attached: 'Setting up media …',
    webrtcUp: 'Connected',
    failed: 'Not connected',
    closed: 'Closed',
  },
  playbackState: { ready: 'Ready', going: 'Playing', paused: 'Paused' },

  statistics: 'Statistics',
  stats: {
    video: 'Picture',
    audio: 'Sound',
    bitrate: 'Bitrate',
    frameRate: 'Frame rate',
    frames: 'Frames',
    loss: 'Packet loss',
    roundTrip: 'Round trip',
    path: 'Path',
  },
  pathTo: (local: string, remote: string, protocol: string) =>
    `${local} → ${remote}, ${protocol.toUpperCase()}`,
  streams: (count: number) => (count === 1 ? '1 stream' : `${count} streams`),
  keys: 'Keys',
  keyList: [
    ['Space', 'play, pause'],
    ['← →', '5 seconds'],
    ['↑ ↓', 'volume'],
    ['M', 'mute'],
    ['C', 'captions'],
    ['F', 'full screen'],
    ['I', 'picture in picture'],
    ['L', 'repeat'],
    ['D', 'statistics'],
  ],

  /** What the server said of an error. */
  detail: (reason: string) => reason,
  retry: 'Try again',
  dismiss: 'Dismiss',
  openServer: 'Open the server’s address',
  error: {
    unsupported: () => 'This browser has no WebRTC. Use a current Chrome, Edge, Firefox or Safari.',
    unreachable: ({ server }) =>
      `The server at ${server} cannot be reached. Check that it runs and that no firewall is in the way.`,
    certificate: ({ server }) =>
      `The server at ${server} cannot be reached. If its certificate is its own, open its address once, accept the certificate, and try again.`,
    refused: () => 'The server refused the request. Try again; if it stays so, its log says more.',
    restarting: () =>
      'The server is about to be started anew and lets nobody in until then. It is tried again by itself.',
    'server-full': () => 'As many watch as the server allows. Try again when somebody has left.',
    'no-h264': () =>
      'This browser cannot show H.264, which films are sent in; sound files play. Use Chrome, Edge or Safari, or in Firefox allow the OpenH264 plugin.',
    'not-allowed': () => 'The server does not let this page in. Ask whoever runs it for access.',
    'no-plugin': () =>
      'The server runs without the play plugin. Whoever runs it must install janus.plugin.tms.play and restart it.',
    'no-answer': () =>
      'The server does not answer. Try again in a moment; if it stays silent, it may need a restart.',
    'no-media-path': ({ relay }): string =>
      relay
        ? 'Picture and sound find no way from the server to you, not even through its TURN relay. Whoever runs it has to open its UDP media ports, or port 3478 or 5349 of the relay, in the firewall.'
        : 'Picture and sound find no way from the server to you. Whoever runs it has to open its UDP media ports in the firewall; where your network blocks UDP, it takes a TURN relay, and the server offered none.',
    lost: () =>
      'The connection to the server is gone. It is tried again by itself; check your network meanwhile.',
    'no-such-file': ({ file }) => `The server has no file “${file}”. Check the name, or choose another one.`,
    'cannot-play': ({ file }) =>
      `“${file}” cannot be played. Choose another file, or have this one converted.`,
    'wrong-state': () => 'There is no connection to the server yet. Wait a moment and try again.',
    closed: () => 'The connection was closed. Try again to open it.',
  } satisfies Record<PlayError['code'] | 'certificate', (context: ErrorContext) => string>,
};

export type Text = typeof en;
