/** A viewer's token: signed by the deployment, with the time it expires at and what its holder may play. */
// biome-ignore lint/style/useNodejsImportProtocol: nginx knows its modules by these names alone.
import crypto from 'crypto';
// biome-ignore lint/style/useNodejsImportProtocol: as above.
import fs from 'fs';

/** The text of one of the deployment's files. */
const configured = (name) => fs.readFileSync(`/config/current/${name}`, 'utf8').trim();

/** The token of a request that came with one, valid or not. */
function sent(r) {
  const found = /^Bearer +(\S+)$/i.exec(r.headersIn.Authorization || '');
  return found ? found[1] : '';
}

/** Whether a token is signed and valid; Janus checks the same. */
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

/** Whether a valid token names a file, or a folder that it lies in; the plugin decides the same. */
function allows(token, file) {
  return token
    .split(':')[0]
    .split(',')
    .slice(3)
    .filter((field) => field.startsWith('media='))
    .map((field) => decodeURIComponent(field.slice('media='.length)))
    .some((name) => name === '/' || name === file || (name.endsWith('/') && file.startsWith(name)));
}

/** Answers who came without a valid token. */
function refuse(r, what) {
  r.headersOut['Content-Type'] = 'application/json';
  r.headersOut['WWW-Authenticate'] = 'Bearer';
  const reason = `${what} need a valid token, as "Authorization: Bearer TOKEN"`;
  r.return(401, JSON.stringify({ code: 401, reason }));
}

export default { configured, sent, isValid, allows, refuse };
