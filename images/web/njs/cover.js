/** Finds the cover in a sound file: the picture of its ID3 tag (MP3) or of its `covr` atom (MP4). */

/** No cover is larger; a tag may say so all the same. */
const largest = 4 << 20;
/** More frames or boxes than this has no file that is well. */
const most = 1000;
/** Where it lies in an MP4: boxes in boxes. */
const coverPath = ['moov', 'udta', 'meta', 'ilst', 'covr', 'data'];

/**
 * The cover's bytes and kind, without what comes after them; undefined where there is none.
 * @param read gives up to so many bytes of the file from a position on, as a Buffer
 */
function find(read, size) {
  const head = read(0, 10);
  const picture =
    head.toString('utf8', 0, 3) === 'ID3' ? inTag(read, head) : inBoxes(read, coverPath, 0, size);
  return picture && kindOf(picture) && { kind: kindOf(picture), bytes: picture };
}

/** What it is by its first bytes, whatever the file says; nothing but these goes out. */
function kindOf(bytes) {
  const start = bytes.toString('hex', 0, 4);
  if (start.startsWith('ffd8ff')) return 'image/jpeg';
  return start === '89504e47' ? 'image/png' : undefined;
}

/** Seven bits of each byte, as ID3 writes sizes. */
const synchsafe = (bytes, at) =>
  (bytes[at] << 21) | (bytes[at + 1] << 14) | (bytes[at + 2] << 7) | bytes[at + 3];

/** The picture of an ID3 tag, version 2.3 or 2.4. */
function inTag(read, head) {
  const version = head[3];
  // Rare: bytes put in so that old decoders pass over the tag, and a header of the tag's own.
  if (version < 3 || version > 4 || head[5] & 0xc0) return undefined;
  const end = 10 + synchsafe(head, 6);
  let at = 10;
  for (let count = 0; at + 10 < end && count < most; count++) {
    const frame = read(at, 10);
    if (frame.length < 10 || frame[0] === 0) return undefined;
    const length = version === 4 ? synchsafe(frame, 4) : frame.readUInt32BE(4);
    if (frame.toString('utf8', 0, 4) === 'APIC') {
      return length <= largest && at + 10 + length <= end ? afterText(read(at + 10, length)) : undefined;
    }
    at += 10 + length;
  }
  return undefined;
}

/** The picture behind its kind and description in a frame. */
function afterText(frame) {
  const wide = frame[0] === 1 || frame[0] === 2;
  const described = frame.indexOf(0, 1) + 2;
  let at = described;
  if (wide) while (at + 1 < frame.length && (frame[at] || frame[at + 1])) at += 2;
  else while (at < frame.length && frame[at]) at += 1;
  return frame.subarray(at + (wide ? 2 : 1));
}

/** What lies at the end of a path of boxes between two positions. */
function inBoxes(read, path, from, to) {
  let at = from;
  for (let count = 0; at + 8 <= to && count < most; count++) {
    const head = read(at, 16);
    if (head.length < 8) return undefined;
    const wide = head.readUInt32BE(0) === 1 && head.length === 16;
    const length = wide ? head.readUInt32BE(8) * 2 ** 32 + head.readUInt32BE(12) : head.readUInt32BE(0);
    if (length < 8) return undefined;
    if (head.toString('utf8', 4, 8) === path[0]) {
      // `meta` has a version before its boxes, `data` its type and language before the picture.
      const inside = at + (wide ? 16 : 8) + ({ meta: 4, data: 8 }[path[0]] || 0);
      const end = Math.min(at + length, to);
      if (path.length > 1) return inBoxes(read, path.slice(1), inside, end);
      return end - inside <= largest ? read(inside, end - inside) : undefined;
    }
    at += length;
  }
  return undefined;
}

export default { find };
