/** The player without a user interface. */
export {
  Channel,
  type ChannelEvents,
  type ChannelOptions,
  type ChannelState,
  channelTransitions,
  type Timeouts,
} from './channel.ts';
export {
  extrasUrl,
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
export type { StateOf, Transition, Transitions } from './machine.ts';
export {
  Playback,
  type PlaybackEvents,
  type PlaybackOptions,
  type PlaybackState,
  type Playing,
  type PlayOptions,
  playbackTransitions,
} from './playback.ts';
export type {
  ListedFile,
  Listing,
  PluginError,
  PluginMessage,
  Probe,
  Seek,
  Skipped,
  SoundTrack,
  Status,
} from './protocol.ts';
export { keepOpen, keepPlaying, reconnectDelays } from './reconnect.ts';
export { type Counters, readStats, type Stats } from './stats.ts';
export { showsH264 } from './support.ts';
