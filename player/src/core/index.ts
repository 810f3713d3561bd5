/** The player without a user interface. */
export {
  Channel,
  type ChannelEvents,
  type ChannelOptions,
  type ChannelState,
  type Timeouts,
} from './channel.ts';
export {
  fetchIceServers,
  iceServersUrl,
  type MediaFile,
  mediaFiles,
  type PlayConfig,
  serverUrl,
} from './config.ts';
export { type ErrorCode, PlayError } from './errors.ts';
export type { ConnectOptions, Description, Gateway, Handle, HandleEvents, Session } from './gateway.ts';
export { janusGateway } from './janus.ts';
export { Playback, type PlaybackEvents, type PlaybackState } from './playback.ts';
export type { Probe } from './protocol.ts';
export { keepOpen, reconnectDelays } from './reconnect.ts';
export { type Counters, readStats, type Stats } from './stats.ts';
