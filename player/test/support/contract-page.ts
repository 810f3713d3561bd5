/** Holds a deployed gateway to the contract, inside a page of its origin. Tests bundle it. */
import { janusGateway } from '../../src/core/janus.ts';
import { contract, holds, type World } from './contract.ts';

/** Calls that have not come to their end. */
const calls = new Set<{ name: string }>();

/** Notes that a call has begun. @returns the function that notes its end */
function began(name: string): () => void {
  const call = { name };
  calls.add(call);
  return () => calls.delete(call);
}

const { fetch, setTimeout, clearTimeout, setInterval, clearInterval, RTCPeerConnection } = globalThis;
type Timer = ReturnType<typeof setTimeout>;
const timers = new Map<Timer | undefined, () => void>();
const connections: RTCPeerConnection[] = [];

function forget(timer: Timer | undefined): void {
  timers.get(timer)?.();
  timers.delete(timer);
}

Object.assign(globalThis, {
  fetch: (input: RequestInfo, options?: RequestInit) =>
    fetch(input, options).finally(began(`${options?.method ?? 'GET'} ${input}`)),
  setTimeout(work: () => void, ms?: number) {
    const timer: Timer = setTimeout(() => {
      forget(timer);
      work();
    }, ms);
    timers.set(timer, began(`a timer of ${ms} ms`));
    return timer;
  },
  clearTimeout(timer?: Timer) {
    forget(timer);
    clearTimeout(timer);
  },
  setInterval(work: () => void, ms?: number) {
    const timer: Timer = setInterval(work, ms);
    timers.set(timer, began(`an interval of ${ms} ms`));
    return timer;
  },
  clearInterval(timer?: Timer) {
    forget(timer);
    clearInterval(timer);
  },
  RTCPeerConnection: class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      connections.push(this);
    }
  },
});

const world: World = {
  gateway: janusGateway,
  server: `${location.origin}/janus`,
  nowhere: `${location.origin}/nowhere`,
  film: 'sample.mp4',
  other: 'sample-2.mp4',
  // Films end by themselves here.
  end() {},
  running: () => [
    ...[...calls].map(({ name }) => name),
    ...connections.filter(({ connectionState }) => connectionState !== 'closed').map(() => 'a connection'),
  ],
};

/** The checks that fail, with why. */
export async function broken(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, check] of Object.entries(contract)) {
    await holds(check, world).catch((error) => {
      found[name] = String(error);
    });
  }
  return found;
}
