/**
 * What a media file has beside picture and sound: its captions, files `film.<language>.vtt` in the same folder, and
 * the cover in a sound file. Of the media folder, nothing else goes out this way.
 *
 *   /extras/film.mp4              { "captions": ["en", "zh-CN"], "cover": false }
 *   /extras/film.mp4?captions=en  the text of film.en.vtt
 *   /extras/song.mp3?cover        the picture
 */
import cover from 'cover.js';
// biome-ignore lint/style/useNodejsImportProtocol: nginx knows its modules by these names alone.
import fs from 'fs';
import token from 'token.js';

const root = '/media';
/** Captions of a film of three hours have some 200 KiB. */
const longestCaptions = 2 << 20;
/** A language tag, such as en, zh-CN or zh-Hant. */
const language = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}$/;

/** The name of the media file that is asked for. */
const named = (r) => r.uri.slice('/extras/'.length);

/** The real path of a file of the media folder; undefined where there is none, or it leads out of the folder. */
function resolve(name) {
  try {
    const path = fs.realpathSync(`${root}/${name}`);
    return path.startsWith(`${root}/`) && fs.statSync(path).isFile() ? path : undefined;
  } catch (_) {
    return undefined;
  }
}

const stem = (name) => name.replace(/\.[^./]*$/, '');

const captionsFile = (film, tag) => resolve(`${stem(film)}.${tag}.vtt`);

/** The languages that a film has captions in. */
function captionsOf(film) {
  const folder = film.split('/').slice(0, -1).join('/');
  const start = `${stem(film).split('/').pop()}.`;
  return fs
    .readdirSync(`${root}/${folder}`)
    .filter((name) => name.startsWith(start) && name.endsWith('.vtt'))
    .map((name) => name.slice(start.length, -'.vtt'.length))
    .filter((tag) => language.test(tag) && captionsFile(film, tag) !== undefined)
    .sort();
}

/** The cover in a file. */
function coverOf(path) {
  const file = fs.openSync(path);
  try {
    const read = (position, length) => {
      const buffer = Buffer.alloc(length);
      return buffer.subarray(0, fs.readSync(file, buffer, 0, length, position));
    };
    return cover.find(read, fs.statSync(path).size);
  } finally {
    fs.closeSync(file);
  }
}

/** As `serve`, for who sends a token that allows the file. */
function serveForToken(r) {
  const shown = token.sent(r);
  if (!token.isValid(shown)) token.refuse(r, 'captions and covers');
  else if (token.allows(shown, named(r))) serve(r);
  else r.return(403);
}

function serve(r) {
  if (r.method !== 'GET' && r.method !== 'HEAD') {
    r.return(405);
    return;
  }
  const name = named(r);
  const path = resolve(name);
  if (path === undefined) r.return(404);
  else if (r.args.captions !== undefined) sendCaptions(r, name);
  else if (r.args.cover !== undefined) sendCover(r, path);
  else {
    const known = { captions: captionsOf(name), cover: coverOf(path) !== undefined };
    send(r, 'application/json', JSON.stringify(known));
  }
}

function sendCaptions(r, name) {
  const tag = r.args.captions;
  const path = language.test(tag) ? captionsFile(name, tag) : undefined;
  if (path === undefined) r.return(404);
  else if (fs.statSync(path).size > longestCaptions) r.return(413);
  else send(r, 'text/vtt; charset=utf-8', fs.readFileSync(path));
}

function sendCover(r, path) {
  const found = coverOf(path);
  if (found) send(r, found.kind, found.bytes);
  else r.return(404);
}

function send(r, type, body) {
  r.headersOut['Content-Type'] = type;
  // A file of the same name may be another one tomorrow.
  r.headersOut['Cache-Control'] = 'private, no-cache';
  r.return(200, body);
}

export default { serve, serveForToken };
