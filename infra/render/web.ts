/** The web server's configuration. Pure. */
import type { Endpoint, Plan } from '../plan/plan.ts';
import { renderTurnUrls } from './turn.ts';

const address = ({ host, port }: Endpoint): string => `${host}:${port}`;

/**
 * What the player's page may do: load its own files, and talk to its own origin and to the Janus API where that is
 * configured elsewhere. The page is served over https, and so is what it may talk to.
 */
function contentSecurityPolicy({ player, ports, embed }: Plan): string {
  const { address: host, httpPort, httpsPort, server } = player;
  // As the player finds its server: an address or a port alone takes the other from the page.
  const elsewhere = server.startsWith('http')
    ? [new URL(server).origin]
    : !server && (host || httpPort || httpsPort)
      ? [`https://${host || '$host'}:${httpsPort ?? ports.apiHttps}`]
      : [];
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    // Covers and captions are fetched, as only that can show a token, and handed to the page as blobs.
    "img-src 'self' blob:",
    'media-src blob:',
    ["connect-src 'self'", ...elsewhere].join(' '),
    "form-action 'none'",
    "base-uri 'none'",
    ["frame-ancestors 'self'", ...embed].join(' '),
  ].join('; ');
}

/** What one address may ask for: it may be that of an office with all viewers behind it. */
export interface WebLimits {
  /** Requests to the API, per second and at once. */
  api: { rate: number; burst: number };
  /** New sessions of the gateway, and TURN credentials, which a viewer asks for with each: per second and at once. */
  session: { rate: number; burst: number };
  /** Requests under way, and connections of TURN over TLS. */
  connections: number;
}

/**
 * A viewer has a long poll that is answered with each event, and up to 10 of these a second while the position is
 * reported at its shortest interval; sends some 25 requests while it connects; has at most 4 requests under way; and
 * does not need a new session more often than every 5 s. The room beside that is for those who write and test clients.
 */
export function webLimits(maxViewers: number): WebLimits {
  return {
    api: { rate: 10 * maxViewers + 20, burst: 25 * maxViewers + 100 },
    session: { rate: Math.ceil(maxViewers / 5) + 2, burst: 2 * maxViewers + 20 },
    connections: 4 * maxViewers + 32,
  };
}

/** A film or sound file as the player lists it. */
export interface MediaFile {
  name: string;
  kind: 'video' | 'audio';
}

/** What the web server's files contain beside the plan. */
export interface WebSecrets {
  /** PEM texts; `chain` is the server's certificate first. */
  chain: string;
  key: string;
  /** What viewers' TURN credentials are signed with. */
  turn: string;
  /** What viewers' tokens are signed with. */
  token: string;
}

/** Texts of the web server's files, by the names that the plan lists. */
export const renderWeb = (plan: Plan, secrets: WebSecrets, media: MediaFile[]): Record<string, string> => ({
  'nginx.conf': renderNginx(plan),
  'player-config.js': renderPlayerConfig(plan, media),
  'turn-urls.json': renderTurnUrls(plan),
  'turn-secret': secrets.turn,
  ...(plan.access === 'token' && { 'token-secret': secrets.token }),
  'tls/fullchain.pem': secrets.chain,
  'tls/key.pem': secrets.key,
});

/** Text of nginx.conf. */
export function renderNginx(plan: Plan): string {
  const { ports } = plan;
  const limits = webLimits(plan.maxViewers);
  return `# Modules as the distribution's packages put them.
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
load_module /usr/lib/nginx/modules/ngx_http_js_module.so;
worker_processes auto;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;

events {
  # Of each viewer's requests under way, both sides.
  worker_connections ${Math.max(4096, plan.maxViewers * 8)};
}

http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  # Without the query, which may have a viewer's token.
  log_format plain '$remote_addr [$time_local] "$request_method $uri $server_protocol" $status $body_bytes_sent';
  # Of the API what is sent and what went wrong, and without its paths: the ids in them are all it takes to control a
  # session. That of the handle alone does not, and is what the gateway's log calls a viewer.
  log_format api '$remote_addr [$time_local] [$viewer] "$request_method $api" $status $request_time s';
  map $uri $viewer { ~^/janus/[0-9]+/(?<handle>[0-9]+)$ $handle; default -; }
  # Polls that were answered are many and say nothing; whom a limit stopped does not fill the log.
  map "$request_method $status" $logged { "~ 429$" 0; "~ 5..$" 1; ~^POST 1; default 0; }
  access_log /dev/stdout plain;
  server_tokens off;
  sendfile on;
  gzip on;
  gzip_types text/css application/javascript application/json image/svg+xml;
  client_max_body_size 1k;
  client_header_timeout 10s;
  client_body_timeout 10s;
  client_body_temp_path /tmp/client_body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;

${tls}
  ssl_session_cache shared:tls:4m;
  ssl_session_tickets off;

  # Each address has its share, so that one that asks without end takes nothing from the others.
  map $request_method$uri $new_session { ~^POST/janus/?$ $binary_remote_addr; default ""; }
  limit_req_zone $binary_remote_addr zone=api:4m rate=${limits.api.rate}r/s;
  limit_req_zone $new_session zone=session:4m rate=${limits.session.rate}r/s;
  limit_req_zone $binary_remote_addr zone=credentials:4m rate=${limits.session.rate}r/s;
  limit_conn_zone $binary_remote_addr zone=connections:4m;
  limit_req_status 429;
  limit_conn_status 429;
  # Their lines have the whole request, and a flood is no reason to fill the log.
  limit_req_log_level info;
  limit_conn_log_level info;

  # Who may have the player in pages of their own; nobody else's script reads an answer of the player's port.
  map $http_origin $embedder {
    default "";
${plan.embed.map((origin) => `    "${origin}" $http_origin;\n`).join('')}  }
  map $embedder $embedder_methods { "" ""; default "GET, POST"; }
  map $embedder $embedder_headers { "" ""; default "authorization, content-type"; }

  # What a build names by its content stays; all else of the player is asked for again, and so is never older than it.
  map $uri $player_cache {
    default "";
    ~^/player/assets/ "public, max-age=31536000, immutable";
    ~^/player/ no-cache;
  }

  js_path /srv/njs/;
  js_import turn from turn.js;
  js_import extras from extras.js;
  js_import metrics from metrics.js;

  upstream janus {
    server ${address(plan.gatewayApi)};
    # A long poll holds a connection per viewer.
    keepalive ${Math.max(16, plan.maxViewers * 2)};
  }

  server {
    listen ${ports.player} ssl http2;
${securityHeaders}
    add_header Content-Security-Policy "${contentSecurityPolicy(plan)}" always;
    add_header Cache-Control $player_cache;
    add_header Vary Origin always;
    add_header Access-Control-Allow-Origin $embedder always;
    add_header Access-Control-Allow-Methods $embedder_methods always;
    add_header Access-Control-Allow-Headers $embedder_headers always;
    # The gateway's own say that everybody may.
    proxy_hide_header Access-Control-Allow-Origin;
    proxy_hide_header Access-Control-Allow-Methods;
    proxy_hide_header Access-Control-Allow-Headers;
    proxy_hide_header Access-Control-Max-Age;
    if ($request_method = OPTIONS) { return 204; }

    location = / { return 302 /player/; }
    location = /player { return 302 /player/; }
    location /player/ {
      alias /srv/player/;
      index index.html;
    }
    location = /player/config.js {
      alias /config/current/player-config.js;
${securityHeaders}
      add_header Cache-Control no-store always;
    }
    # What a media file has beside picture and sound: captions, a cover.
    location /extras/ {
      limit_req zone=api burst=${limits.api.burst} nodelay;
      js_content extras.${plan.access === 'token' ? 'serveForToken' : 'serve'};
    }
${turnCredentials(plan, limits)}
${janusApi(limits)}
  }

${plan.production ? '' : demosServer(plan, limits)}
  # Clients of earlier deployments find the API here.
  server {
    listen ${ports.apiHttp};
    listen ${ports.apiHttps} ssl http2;
${janusApi(limits)}
    location = /health { access_log off; return 200 "ok\\n"; }
  }

  # For Prometheus, and nobody outside.
  server {
    listen ${address(plan.metrics)};
    access_log off;
    location = /metrics { js_content metrics.serve; }
    location = /nginx-status { internal; stub_status; }
  }
}

stream {
${tls}
  error_log /dev/stderr warn;
  limit_conn_zone $binary_remote_addr zone=turn:4m;
  limit_conn_log_level info;

  server {
    listen ${ports.turnTls} ssl;
    ssl_handshake_timeout 10s;
    limit_conn turn ${limits.connections};
    proxy_pass ${address(plan.turnTcp)};
    proxy_timeout 10m;
  }
}
`;
}

/** The same for https and TURN over TLS. */
const tls = `  ssl_certificate /config/current/tls/fullchain.pem;
  ssl_certificate_key /config/current/tls/key.pem;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
  ssl_prefer_server_ciphers off;
  ssl_ecdh_curve X25519:prime256v1:secp384r1;`;

// No Strict-Transport-Security: it would hold for all ports of the host, and the API's http port has clients.
const securityHeaders = `    add_header X-Content-Type-Options nosniff always;
    add_header Referrer-Policy no-referrer always;`;

const turnCredentials = ({ access }: Plan, { session }: WebLimits) => `    location = /turn-credentials {
      limit_req zone=credentials burst=${session.burst} nodelay;
      js_content turn.${access === 'token' ? 'credentialsForToken' : 'credentials'};
    }`;

/** The API's long poll answers after up to 30 s, and its answers must not wait in a buffer. */
const janusApi = ({ api, session, connections }: WebLimits) => `    location ~ ^(?<api>/janus)(/|$) {
      limit_req zone=api burst=${api.burst} nodelay;
      limit_req zone=session burst=${session.burst} nodelay;
      limit_conn connections ${connections};
      # A description of media has some 10 KiB. It stays in memory.
      client_max_body_size 64k;
      client_body_buffer_size 64k;
      proxy_pass http://janus;
      access_log /dev/stdout api if=$logged;
      error_log /dev/stderr crit;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_buffering off;
      proxy_read_timeout 60s;
    }`;

function demosServer(plan: Plan, limits: WebLimits): string {
  return `  server {
    listen ${plan.ports.demos} ssl http2;
${securityHeaders}
    root /srv/demos;
    index index.html;
${turnCredentials(plan, limits)}
${janusApi(limits)}
  }
`;
}

/** Text of player-config.js: the player's run-time configuration, a script. */
export function renderPlayerConfig(plan: Plan, files: MediaFile[]): string {
  const { address: host, httpPort, httpsPort, server } = plan.player;
  const settings = {
    VUE_APP_JANUS_ADDRESS: host || undefined,
    VUE_APP_JANUS_HTTP_PORT: httpPort,
    VUE_APP_JANUS_HTTPS_PORT: httpsPort,
    VUE_APP_JANUS_HTTP_SERVER: server || undefined,
    iceServersUrl: '/turn-credentials',
    extrasUrl: '/extras/',
    // Who needs a token to play a file needs one to learn its name: the player asks the plugin.
    files: plan.access === 'token' ? undefined : files,
  };
  return `window.JANUS_PLAY_CONFIG = ${JSON.stringify(settings, null, 2)};\n`;
}
