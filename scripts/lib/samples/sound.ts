/**
 * The sound of the samples: a quiet chord, and on every whole second a note. Twelve notes take turns, so a note
 * tells which second it belongs to (modulo twelve), and its onset when that second is heard.
 */

/** Hz; a pentatonic scale, low enough for 8 kHz sound. The order makes a tune of it. */
export const notes = [
  523.25, 783.99, 659.26, 1046.5, 880, 1318.51, 1174.66, 1567.98, 1760, 2093, 2349.32, 587.33,
] as const;

/** The note that begins at second `second` of a sample. */
export const noteOfSecond = (second: number): number => notes[second % notes.length];

const attack = 0.002;

/** Amplitude of a note `time` seconds after its onset: at once there, then fading like a struck bar. */
const envelope = (time: number): number => Math.min(1, time / attack) * Math.exp(-time / 0.09);

export interface SoundFormat {
  seconds: number;
  sampleRate: number;
  channels: 1 | 2;
}

/** The sound as interleaved 16 bit samples. */
export function renderSound({ seconds, sampleRate, channels }: SoundFormat): Int16Array<ArrayBuffer> {
  const samples = new Int16Array(seconds * sampleRate * channels);
  for (let index = 0; index < samples.length; index += channels) {
    const time = index / channels / sampleRate;
    const note =
      0.45 * envelope(time % 1) * Math.sin(2 * Math.PI * noteOfSecond(Math.floor(time)) * (time % 1));
    for (let channel = 0; channel < channels; channel++) {
      samples[index + channel] = Math.round(32767 * (note + chord(time, channel)));
    }
  }
  return samples;
}

/** A fifth that breathes, slightly out of tune between the sides. */
function chord(time: number, channel: number): number {
  const breath = 0.6 + 0.4 * Math.sin(Math.PI * 0.5 * time);
  const root = 110 + 0.25 * channel;
  return (
    0.02 * breath * (Math.sin(2 * Math.PI * root * time) + 0.7 * Math.sin(2 * Math.PI * 1.5 * root * time))
  );
}

/** A wav file of the samples; `comment` is kept in it. */
export function wavFile(samples: Int16Array, { sampleRate, channels }: SoundFormat, comment: string): Buffer {
  const text = Buffer.from(comment.padEnd(comment.length + 2 - (comment.length % 2), '\0'));
  const note = Buffer.concat([Buffer.from('INFO'), chunk('ICMT', text)]);
  const format = Buffer.alloc(16);
  format.writeUInt16LE(1, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(sampleRate, 4);
  format.writeUInt32LE(sampleRate * channels * 2, 8);
  format.writeUInt16LE(channels * 2, 12);
  format.writeUInt16LE(16, 14);
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return chunk(
    'RIFF',
    Buffer.concat([Buffer.from('WAVE'), chunk('fmt ', format), chunk('data', data), chunk('LIST', note)]),
  );
}

function chunk(name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}
