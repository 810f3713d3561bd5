/** Whether the ports that the services take are free, or theirs. Pure. */
import type { Plan, PublishedPort } from '../../../infra/plan/plan.ts';
import { about, type Finding } from './finding.ts';

/** A program that holds a port. */
export interface Listener {
  protocol: 'tcp' | 'udp';
  port: number;
  /** Process id, 0 where it could not be found. */
  pid: number;
  /** e.g. `nginx (process 4711)` or `container old-web`. */
  owner: string;
  /** Name of the container the program runs in, if any. */
  container?: string;
  /** The deployment that the container belongs to, whatever it is called by now. */
  stack?: string;
}

const { ok, unknown, error } = about('ports');

/** @param listeners all that listens on the engine's machine; empty where that cannot be read */
export function portFindings(plan: Plan, listeners: Listener[]): Finding[] {
  if (listeners.length === 0)
    return [unknown('Who listens on which port of the engine’s machine is not known here')];
  // The gateway takes its ports when viewers come, and relays are taken as they are asked for.
  const wanted = [
    ...(['web', 'turn'] as const)
      .flatMap((service) => plan.published[service])
      .filter(({ what }) => what !== 'TURN relay'),
    ...loopbackPorts(plan),
  ];
  const held = wanted.map((port) => ({
    ...port,
    holders: listeners.filter(
      (listener) => listener.port === port.port && listener.protocol === port.protocol,
    ),
  }));
  const taken = held.flatMap(({ port, protocol, what, holders }) => {
    const holder = holders.find((listener) => !isOurs(listener, plan));
    if (holder === undefined) return [];
    return [
      error({
        what: `${protocol.toUpperCase()} port ${port} (${what}) is taken by ${holder.owner}`,
        why: 'two programs cannot listen on one port: the service does not start',
        remedy: `end that, or set another port in the stack's config`,
      }),
    ];
  });
  if (taken.length > 0) return taken;
  const ours = held.filter(({ holders }) => holders.length > 0).length;
  return [
    ok(
      `${held.length} ports are wanted: ${ours} are held by this deployment, ${held.length - ours} are free`,
    ),
  ];
}

/** Between the services, on the host network, and what looks at them. */
function loopbackPorts({ network, gatewayApi, turnTcp, metrics, monitoring }: Plan): PublishedPort[] {
  const on = (port: number, what: string): PublishedPort => ({
    port,
    protocol: 'tcp',
    what: `${what}, on loopback`,
  });
  const { prometheus, grafana } = monitoring ?? {};
  return [
    ...(network.mode === 'host'
      ? [on(gatewayApi.port, 'gateway'), on(turnTcp.port, 'TURN'), on(metrics.port, 'metrics')]
      : []),
    ...(prometheus ? [on(prometheus.port, 'Prometheus')] : []),
    ...(grafana && 'port' in grafana ? [on(grafana.port, 'Grafana')] : []),
  ];
}

const isOurs = ({ container, stack }: Listener, { name, network }: Plan): boolean =>
  stack === name || (network.mode === 'bridge' && container === 'on a bridge network');
