/** How long was waited, in the unit of what is summed up. Pure. */

export interface Waits {
  p50: number;
  p95: number;
}

export function summary(waits: number[]): Waits {
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
  return { p50: at(0.5), p95: at(0.95) };
}
