/**
 * Issues time-limited TURN credentials, as coturn's use-auth-secret expects them: the user name is the time they
 * expire at, the password its signature by the secret that both servers know.
 */
// biome-ignore lint/style/useNodejsImportProtocol: nginx knows its modules by these names alone.
import crypto from 'crypto';
// biome-ignore lint/style/useNodejsImportProtocol: as above.
import fs from 'fs';

/** Seconds that credentials are valid. */
const lifetime = 3600;

const configured = (name) => fs.readFileSync(`/config/current/${name}`, 'utf8').trim();

function iceServers(host, expiry, id) {
  const username = `${expiry}:${id}`;
  const credential = crypto.createHmac('sha1', configured('turn-secret')).update(username).digest('base64');
  // {host} stands for the host that the page was loaded from.
  const urls = JSON.parse(configured('turn-urls.json')).map((url) => url.replace('{host}', host));
  return [{ urls, username, credential }];
}

function credentials(r) {
  if (r.method !== 'GET' && r.method !== 'HEAD') {
    r.return(405);
    return;
  }
  const expiry = Math.floor(Date.now() / 1000) + lifetime;
  r.headersOut['Content-Type'] = 'application/json';
  r.headersOut['Cache-Control'] = 'no-store';
  // nginx gives every request an identifier of 16 random bytes.
  const servers = iceServers(r.variables.host, expiry, r.variables.request_id);
  r.return(200, JSON.stringify({ iceServers: servers, ttl: lifetime }));
}

export default { credentials };
