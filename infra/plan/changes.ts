/** What it would cause to deploy one plan after another. Pure. */
import { type Effect, effects, type ServiceName } from './container.ts';
import type { BuildFacts, EngineFacts } from './facts.ts';
import type { Plan } from './plan.ts';

/** A plan with what is made from it. */
export interface Described {
  plan: Plan;
  /** Rendered texts with what their change causes, by service and name. */
  files: Record<string, Record<string, { effect: Effect; text: string }>>;
  /** Hashes of what images are built from, by service and path. */
  sources: Record<string, Record<string, string>>;
}

/** What was deployed, and the facts that another plan for the same engine is made from. */
export interface Deployed {
  engine: EngineFacts;
  build: BuildFacts;
  described: Described;
}

/** What happens to a service, and everything it happens for. */
export interface ServiceChange {
  service: string;
  effect: Effect;
  because: string[];
}

/** The services that a change concerns; the strongest effect of all its causes is what happens. */
export function changesBetween(before: Described, after: Described): ServiceChange[] {
  return union(before.files, after.files).flatMap((service) => {
    const causes = [
      ...differences(containerOf(before, service), containerOf(after, service)).map((name) => ({
        effect: 'replace' as const,
        because: name,
      })),
      ...differences(before.sources[service], after.sources[service]).map((path) => ({
        effect: 'replace' as const,
        because: path,
      })),
      ...differences(before.files[service], after.files[service]).map((name) => ({
        effect: (after.files[service]?.[name] ?? before.files[service][name]).effect,
        because: name,
      })),
    ];
    if (causes.length === 0) return [];
    const effect = effects[Math.max(...causes.map((cause) => effects.indexOf(cause.effect)))];
    return [{ service, effect, because: causes.map(({ because }) => because) }];
  });
}

/** Whether a policy such as `replace:gateway` forbids a change: it names the mildest effect that it forbids. */
export function isForbidden(change: ServiceChange, policy: { service: string; effect: Effect }): boolean {
  return (
    change.service === policy.service && effects.indexOf(change.effect) >= effects.indexOf(policy.effect)
  );
}

/** What a container is made with beside its own sources and files; each a reason to replace it. */
function containerOf({ plan }: Described, service: string): Record<string, unknown> {
  const name = service as ServiceName;
  const { network } = plan;
  const bridge = network.mode === 'bridge';
  // Its commands are run in it; they are no part of it.
  const { probe, reload, ...made } = plan.containers[name] ?? {};
  return {
    'base image': plan.baseImage,
    'network mode': network.mode,
    'address on the bridge network': bridge && network.addresses[name],
    'published ports': bridge && plan.published[name],
    'Janus flavour': service !== 'turn' && plan.flavour,
    ...made,
  };
}

const union = (a: object = {}, b: object = {}): string[] => [
  ...new Set([...Object.keys(a), ...Object.keys(b)]),
];

/** Names whose values differ, or that one side alone has. */
function differences(a: Record<string, unknown> = {}, b: Record<string, unknown> = {}): string[] {
  return union(a, b).filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]));
}
