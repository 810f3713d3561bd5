/**
 * Issues time-limited TURN credentials, as coturn's use-auth-secret expects them: the user name is the time they
 * expire at, the password its signature by the secret that both servers know.
 */
// biome-ignore lint/style/useNodejsImportProtocol: nginx knows its modules by these names alone.
import crypto from 'crypto';
import token from 'token.js';

/** Seconds that credentials are valid. */
const lifetime = 3600;

function iceServers(host, expiry, id) {
  const username = `${expiry}:${id}`;
  const secret = token.configured('turn-secret');
  const credential = crypto.createHmac('sha1', secret).update(username).digest('base64');
  // {host} stands for the host that the page was loaded from.
  const urls = JSON.parse(token.configured('turn-urls.json')).map((url) => url.replace('{host}', host));
  return [{ urls, username, credential }];
}

/** As `credentials`, for who sends a token. */
function credentialsForToken(r) {
  if (token.isValid(token.sent(r))) credentials(r);
  else token.refuse(r, 'TURN credentials');
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
