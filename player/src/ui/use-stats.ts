import { onScopeDispose, shallowRef } from 'vue';
import { type Counters, readStats, type Stats } from '../core/index.ts';

/** Statistics of the PeerConnection, once a second. */
export function useStats(peerConnection: () => RTCPeerConnection | undefined) {
  const stats = shallowRef<Stats>();
  let counters: Counters | undefined;

  async function read(): Promise<void> {
    const pc = peerConnection();
    if (!pc) {
      stats.value = counters = undefined;
      return;
    }
    const reading = readStats(await pc.getStats(), counters);
    stats.value = reading.stats;
    counters = reading.counters;
  }

  const timer = setInterval(() => read().catch(() => {}), 1000);
  onScopeDispose(() => clearInterval(timer));
  return stats;
}
