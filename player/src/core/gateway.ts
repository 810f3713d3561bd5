/**
 * What a channel asks of a gateway. `janus.ts` answers over the network;
 * the tests answer from memory.
 */
import type { PlayError } from './errors.ts';

export type Description = RTCSessionDescriptionInit;

export interface ConnectOptions {
  /** Full URL of the Janus REST API. */
  server: string;
  token?: string;
  iceServers: RTCIceServer[];
  iceTransportPolicy: RTCIceTransportPolicy;
  signal: AbortSignal;
  /** The session ended without being asked to. */
  onLost(error: PlayError): void;
}

export interface Gateway {
  connect(options: ConnectOptions): Promise<Session>;
}

/** A session at the gateway. */
export interface Session {
  attach(plugin: string, events: HandleEvents): Promise<Handle>;
  /** Ends the session at both ends; never rejects, and nothing of it runs afterwards. */
  destroy(): Promise<void>;
}

/** What a plugin handle reports. */
export interface HandleEvents {
  message(data: unknown, jsep?: Description): void;
  /** The PeerConnection is up, as the gateway sees it or, where that is not heard, the browser; told more than once. */
  up(): void;
  /** The PeerConnection failed or was hung up. */
  down(reason: string): void;
  track(track: MediaStreamTrack, present: boolean): void;
}

/** A handle of a plugin. */
export interface Handle {
  /** Resolves with the plugin's answer, or with nothing if that comes later as an event. */
  send(body: object, jsep?: Description): Promise<unknown>;
  /** Makes the PeerConnection and the answer to the gateway's offer. */
  answer(offer: Description): Promise<Description>;
  readonly peerConnection: RTCPeerConnection | undefined;
}
