/** The gateway's configuration files. Pure. */
import { audioCache } from '../plan/container.ts';
import { firstIpv4, type Plan } from '../plan/plan.ts';
import { jcfg } from './jcfg.ts';

/** What the gateway's files contain beside the plan. */
export interface GatewaySecrets {
  /** Password of the admin API, which is only reached through its socket inside the container. */
  admin: string;
  /** Key without which nobody creates streaming mountpoints. */
  streaming: string;
  /** What viewers' tokens are signed with. */
  token: string;
}

/** The admin API's socket, in the container's private tmpfs. */
export const adminSocket = '/run/janus/admin.sock';

/** Texts of the gateway's files, by the names that the plan lists. */
export function renderGateway(plan: Plan, secrets: GatewaySecrets): Record<string, string> {
  // Without a secret neither Janus nor the plugin asks for tokens.
  const tokenSecret = plan.access === 'token' ? secrets.token : undefined;
  return {
    'janus.jcfg': jcfg({
      general: {
        configs_folder: '/config/current',
        log_to_stdout: true,
        debug_timestamps: true,
        debug_colors: false,
        admin_secret: secrets.admin,
        token_auth: plan.access === 'token',
        token_auth_secret: tokenSecret,
        server_name: plan.name,
        session_timeout: 60,
        event_loops: plan.eventLoops,
      },
      media: { rtp_port_range: `${plan.ports.rtp.first}-${plan.ports.rtp.last}` },
      nat: {
        stun_server: plan.stun?.host,
        stun_port: plan.stun?.port,
        // Without this a STUN server that does not answer keeps Janus from starting.
        ignore_unreachable_ice_server: true,
        // The names that browsers hide addresses behind; 0.9.1 is patched to leave them out.
        ignore_mdns: plan.flavour === 'distribution' ? true : undefined,
        ...candidates(plan),
      },
      plugins: { disable: plan.production ? 'libjanus_echotest.so,libjanus_streaming.so' : undefined },
      transports: {},
    }),
    // In a file of its own, as the running gateway takes another level.
    'debug-level': `${plan.debugLevel}\n`,
    'janus.transport.http.jcfg': jcfg({
      general: {
        json: 'compact',
        base_path: '/janus',
        http: true,
        // On a bridge network the container's own address is all there is to listen on.
        ip: plan.network.mode === 'host' ? plan.gatewayApi.host : undefined,
        port: plan.gatewayApi.port,
        https: false,
      },
      admin: { admin_http: false, admin_https: false },
    }),
    'janus.transport.pfunix.jcfg': jcfg({
      general: { enabled: false, json: 'compact' },
      admin: { admin_enabled: true, admin_path: adminSocket },
    }),
    'janus.plugin.tms.play.jcfg': jcfg({
      general: {
        media_root: '/media',
        max_viewers: plan.maxViewers,
        max_files: plan.openFiles,
        // Bytes as a text: a number is one of 32 bits.
        max_memory: String(plan.mediaMemoryBytes),
        token_auth_secret: tokenSecret,
        ...(plan.audioCacheBytes > 0 && {
          cache_root: audioCache,
          cache_bytes: String(plan.audioCacheBytes),
        }),
      },
    }),
    // Its defaults are right; a file that is missing is logged as an error.
    'janus.plugin.echotest.jcfg': jcfg({ general: {} }),
    'janus.plugin.streaming.jcfg': jcfg({
      general: { admin_key: secrets.streaming },
      'file-ondemand-sample': {
        type: 'ondemand',
        id: 3,
        description: 'mu-law file, played on demand',
        filename: '/opt/janus/share/janus/streams/music.mulaw',
        audio: true,
        video: false,
        secret: secrets.streaming,
      },
    }),
  };
}

/**
 * Which addresses the gateway offers. The mapping rewrites the candidate of every interface, so the one that viewers'
 * packets arrive at, through published ports or a router, has to be named.
 */
function candidates(plan: Plan): Record<string, string | undefined> {
  if (plan.network.mode === 'bridge') {
    return { nat_1_1_mapping: plan.advertised, ice_enforce_list: plan.network.addresses.gateway };
  }
  if (plan.localAddresses.includes(plan.advertised)) return { ice_ignore_list: 'vmnet,docker,br-,veth' };
  return { nat_1_1_mapping: plan.advertised, ice_enforce_list: firstIpv4(plan.localAddresses) };
}
