/** What BuildKit tells of a build: protocol buffers of the type `moby.buildkit.v1.StatusResponse`. Pure. */

/** The fields of a message, by number; those that are no bytes are left out. */
function fields(message: Buffer): [field: number, value: Buffer][] {
  const found: [number, Buffer][] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const kind = key & 7;
    if (kind === 0) varint();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else {
      const length = varint();
      found.push([key >> 3, message.subarray(at, at + length)]);
      at += length;
    }
  }
  return found;
}

/** Numbers of the fields that are read. */
const logs = 3;
const log = { step: 1, text: 4 };

/** What steps have printed, in the pieces that it came in. */
export function printed(status: Buffer): { step: string; text: string }[] {
  return fields(status)
    .filter(([field]) => field === logs)
    .map(([, message]) => {
      const of = Object.fromEntries(fields(message));
      return { step: String(of[log.step]), text: String(of[log.text] ?? '') };
    });
}
