import type { StreamInfo } from '../core/index.ts';
import type { Text } from './text/index.ts';

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

const codecs: Record<string, string> = { h264: 'H.264', hevc: 'H.265', aac: 'AAC', mp3: 'MP3', opus: 'Opus' };

export function codecName(codec: string): string {
  const name = codec.toLowerCase();
  return codecs[name] ?? (name.startsWith('pcm') ? 'PCM' : codec.toUpperCase());
}

/** One line on a stream: codec, size or rate. */
export function describeStream(stream: StreamInfo, text: Text): string {
  const { codec, width, height, frameRate, sampleRate, channels } = stream;
  const parts = [
    codecName(codec || stream.kind),
    width && height && `${width}×${height}`,
    frameRate && `${Number(frameRate.toFixed(2))} fps`,
    sampleRate && `${Number((sampleRate / 1000).toFixed(1))} kHz`,
    channels && (channels === 1 ? text.mono : channels === 2 ? text.stereo : `${channels} ch`),
  ];
  return parts.filter(Boolean).join(' · ');
}
