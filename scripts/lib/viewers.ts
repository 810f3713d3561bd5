/** Who watches what, read from the gateway's admin API. */
import { playPlugin } from '../../infra/plan/container.ts';
import type { AdminAnswer, AdminApi } from './admin.ts';

/** One viewer of the play plugin; all but id and state only while media can flow or a file is open. */
export interface Viewer {
  /** The handle's id, as in the gateway's log. */
  id: number;
  session: number;
  /** ready, going or paused. */
  state: string;
  file?: string;
  /** Where the play is, and how long it is, in milliseconds. */
  position?: number;
  duration?: number;
  /** Lines of the rendition that is shown instead of the film. */
  rendition?: number;
  /** Bits per second for which there is room, as the browser estimates (REMB). */
  room?: number;
  /** Bits that were sent in the last second. */
  bitrate?: number;
  /** Packets that the viewer has reported as lost so far. */
  lost?: number;
  /** Milliseconds. */
  roundTrip?: number;
  /** Local and remote address with the kind of each, as ICE selected them. */
  path?: string;
}

export interface Gateway {
  version: string;
  compiled: string;
  plugins: Record<string, string>;
  acceptsSessions: boolean;
  sessions: number;
  viewers: Viewer[];
}

export async function readGateway(api: AdminApi): Promise<Gateway> {
  const [info, { sessions }] = (await api.ask([{ janus: 'info' }, { janus: 'list_sessions' }])) as [
    ServerInfo,
    { sessions: number[] },
  ];
  const listed = await api.ask(sessions.map((session_id) => ({ janus: 'list_handles', session_id })));
  const handles = listed.flatMap(({ session_id, handles = [] }) =>
    (handles as number[]).map((handle_id) => ({ session_id: session_id as number, handle_id })),
  );
  const infos = await api.ask(handles.map((handle) => ({ janus: 'handle_info', ...handle })));
  return {
    version: info.version_string,
    compiled: info['compile-time'],
    plugins: Object.fromEntries(
      Object.entries(info.plugins).map(([name, { version_string }]) => [name, version_string]),
    ),
    acceptsSessions: info['accepting-new-sessions'],
    sessions: sessions.length,
    viewers: infos.flatMap((answer) => viewerOf(answer) ?? []),
  };
}

interface ServerInfo extends AdminAnswer {
  version_string: string;
  'compile-time': string;
  'accepting-new-sessions': boolean;
  plugins: Record<string, { version_string: string }>;
}

/** What is read of a handle's information; 0.9.1 has streams of components, 1.x media of one connection. */
interface HandleInfo {
  handle_id: number;
  session_id: number;
  plugin: string;
  plugin_specific?: {
    state: string;
    file?: string;
    position?: number;
    duration?: number;
    rendition?: number;
    remb?: number | null;
  };
  streams?: {
    rtcp_stats?: Record<string, Rtcp>;
    components?: { 'selected-pair'?: string; out_stats?: Record<string, number> }[];
  }[];
  webrtc?: {
    ice?: { 'selected-pair'?: string };
    media?: Record<string, { rtcp?: { main?: Rtcp }; stats?: { out?: { bytes_lastsec?: number } } }>;
  };
}

interface Rtcp {
  rtt?: number;
  'lost-by-remote'?: number;
}

/** The viewer of an answer to handle_info; undefined for another plugin's handle, and one that has ended meanwhile. */
export function viewerOf(answer: AdminAnswer): Viewer | undefined {
  const info = answer.info as HandleInfo | undefined;
  if (info?.plugin !== playPlugin) return undefined;
  const { state = 'ready', file, position, duration, rendition, remb } = info.plugin_specific ?? {};
  const [stream] = info.streams ?? [];
  const [component] = stream?.components ?? [];
  const media = Object.values(info.webrtc?.media ?? {});
  const path = component?.['selected-pair'] ?? info.webrtc?.ice?.['selected-pair'];
  const viewer = {
    ...{ id: info.handle_id, session: info.session_id, state, file, position, duration, rendition },
    room: remb ?? undefined,
  };
  if (path === undefined) return viewer;
  const reports = stream ? Object.values(stream.rtcp_stats ?? {}) : media.map(({ rtcp }) => rtcp?.main ?? {});
  const bytes = component
    ? [component.out_stats?.audio_bytes_lastsec, component.out_stats?.video_bytes_lastsec]
    : media.map(({ stats }) => stats?.out?.bytes_lastsec);
  return {
    ...viewer,
    bitrate: 8 * bytes.reduce<number>((sum, one = 0) => sum + one, 0),
    lost: reports.reduce((sum, { 'lost-by-remote': lost = 0 }) => sum + lost, 0),
    roundTrip: Math.max(0, ...reports.map(({ rtt = 0 }) => rtt)),
    path,
  };
}
