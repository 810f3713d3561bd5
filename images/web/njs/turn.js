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

/** Whether a viewer's token is signed and valid; Janus checks the same, and the plugin what may be played. */
function isValid(token) {
  const parts = token.split(':');
  const fields = parts[0].split(',');
  // Both sides are hashed, so that the time a comparison takes tells nothing of the right signature.
  const digest = (text) => crypto.createHash('sha256').update(text).digest('hex');
  const expected = crypto.createHmac('sha1', configured('token-secret')).update(parts[0]).digest('base64');
  return (
    parts.length === 2 &&
    digest(parts[1]) === digest(expected) &&
    fields[1] === 'janus' &&
    Number(fields[0]) >= Math.floor(Date.now() / 1000)
  );
}

/** As `credentials`, for who sends a token. */
function credentialsForToken(r) {
  const sent = /^Bearer +(\S+)$/i.exec(r.headersIn.Authorization || '');
  if (sent && isValid(sent[1])) {
    credentials(r);
    return;
  }
  r.headersOut['Content-Type'] = 'application/json';
  r.headersOut['WWW-Authenticate'] = 'Bearer';
  const reason = 'TURN credentials need a valid token, as "Authorization: Bearer TOKEN"';
  r.return(401, JSON.stringify({ code: 401, reason }));
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

export default { credentials, credentialsForToken };
