/** 75 -> 1:15, 3675 -> 1:01:15 */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const pad = (n: number) => String(n).padStart(2, '0');
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

export function bitrate(bitsPerSecond: number): string {
  return bitsPerSecond >= 1e6
    ? `${(bitsPerSecond / 1e6).toFixed(2)} Mbit/s`
    : `${Math.round(bitsPerSecond / 1e3)} kbit/s`;
}

const codecs: Record<string, string> = {
  h264: 'H.264',
  opus: 'Opus',
  pcmu: 'G.711 µ-law',
  pcma: 'G.711 A-law',
};

export const codecName = (codec: string): string => codecs[codec.toLowerCase()] ?? codec;

/** The name of a language, in another: `deu` in `en` -> German. */
export function languageName(tag: string, language: string): string {
  try {
    return new Intl.DisplayNames([language], { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
