/** The web server's configuration. Pure. */
import type { Endpoint, Plan } from '../plan/plan.ts';
import { renderTurnUrls } from './turn.ts';

const address = ({ host, port }: Endpoint): string => `${host}:${port}`;

/** What the player's page may load: its own files, the Janus API where it is, and media from WebRTC. */
function contentSecurityPolicy({ player, ports }: Plan): string {
  const { address: host, httpPort, httpsPort, server } = player;
  const elsewhere = server.startsWith('http') ? [new URL(server).origin] : [];
  if (host || httpPort || httpsPort) {
    elsewhere.push(
      `https://${host || '*'}:${httpsPort ?? ports.apiHttps}`,
      `http://${host || '*'}:${httpPort ?? ports.apiHttp}`,
    );
  }
  return [
    "default-src 'self'",
    ["connect-src 'self'", ...elsewhere].join(' '),
    "media-src 'self' blob: mediastream:",
    "img-src 'self' data:",
    "style-src 'self' 'unsafe-inline'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
  ].join('; ');
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
  return `# Modules as the distribution's packages put them.
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
load_module /usr/lib/nginx/modules/ngx_http_js_module.so;
worker_processes auto;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;

events {
  worker_connections 4096;
}

http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log /dev/stdout;
  server_tokens off;
  sendfile on;
  gzip on;
  gzip_types text/css application/javascript application/json image/svg+xml;
  client_max_body_size 256k;
  client_body_temp_path /tmp/client_body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;

  ssl_certificate /config/current/tls/fullchain.pem;
  ssl_certificate_key /config/current/tls/key.pem;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
  ssl_prefer_server_ciphers off;
  ssl_session_cache shared:tls:4m;
  ssl_session_tickets off;

  js_path /srv/njs/;
  js_import turn from turn.js;

  upstream janus {
    server ${address(plan.gatewayApi)};
    # A long poll holds a connection per viewer.
    keepalive ${Math.max(16, plan.maxViewers * 2)};
  }

  server {
    listen ${ports.player} ssl http2;
${securityHeaders}
    add_header Content-Security-Policy "${contentSecurityPolicy(plan)}" always;

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
${turnCredentials(plan)}
${janusApi}
  }

${plan.production ? '' : demosServer(plan)}
  # Clients of earlier deployments find the API here.
  server {
    listen ${ports.apiHttp};
    listen ${ports.apiHttps} ssl http2;
${janusApi}
    location = /health { access_log off; return 200 "ok\\n"; }
  }
}

stream {
  ssl_certificate /config/current/tls/fullchain.pem;
  ssl_certificate_key /config/current/tls/key.pem;
  ssl_protocols TLSv1.2 TLSv1.3;
  error_log /dev/stderr warn;

  server {
    listen ${ports.turnTls} ssl;
    proxy_pass ${address(plan.turnTcp)};
    proxy_timeout 10m;
  }
}
`;
}

// No Strict-Transport-Security: it would hold for all ports of the host, and the API's http port has clients.
const securityHeaders = `    add_header X-Content-Type-Options nosniff always;
    add_header Referrer-Policy no-referrer always;`;

const turnCredentials = ({ access }: Plan) => `    location = /turn-credentials {
      js_content turn.${access === 'token' ? 'credentialsForToken' : 'credentials'};
    }`;

/** The API's long poll answers after up to 30 s, and its answers must not wait in a buffer. */
const janusApi = `    location ~ ^/janus(/|$) {
      proxy_pass http://janus;
      # The ids in the path are all it takes to control a session.
      access_log off;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_buffering off;
      proxy_read_timeout 60s;
    }`;

function demosServer(plan: Plan): string {
  return `  server {
    listen ${plan.ports.demos} ssl http2;
${securityHeaders}
    root /srv/demos;
    index index.html;
${turnCredentials(plan)}
${janusApi}
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
    // Who needs a token to play a file needs one to learn its name: the player asks the plugin.
    files: plan.access === 'token' ? undefined : files,
  };
  return `window.JANUS_PLAY_CONFIG = ${JSON.stringify(settings, null, 2)};\n`;
}
