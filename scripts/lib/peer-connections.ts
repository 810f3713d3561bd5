/** A page's peer connections, and over which way its media flows. */
import type { Page } from 'playwright-core';

export type Connections = { keptConnections?: RTCPeerConnection[] };

/** Runs before the page's own scripts, and keeps its peer connections at hand. */
export function keepConnections(): void {
  const kept: RTCPeerConnection[] = [];
  (globalThis as Connections).keptConnections = kept;
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      kept.push(this);
    }
  };
}

/** Types of the two candidates, remote address and protocol; of a relay also how the TURN server is reached. */
export interface SelectedPair {
  local: string;
  remote: string;
  remoteAddress: string;
  protocol: string;
  relayProtocol?: string;
}

/** The candidate pair that the page's PeerConnection has chosen. */
export async function selectedPair(page: Page): Promise<SelectedPair | undefined> {
  return page.evaluate(async () => {
    for (const connection of (globalThis as Connections).keptConnections ?? []) {
      const stats = await connection.getStats();
      for (const report of stats.values()) {
        if (report.type !== 'transport' || !report.selectedCandidatePairId) continue;
        const pair = stats.get(report.selectedCandidatePairId);
        const [local, remote] = [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)];
        return {
          local: local.candidateType,
          remote: remote.candidateType,
          remoteAddress: remote.address,
          protocol: local.protocol,
          relayProtocol: local.relayProtocol,
        };
      }
    }
  });
}
