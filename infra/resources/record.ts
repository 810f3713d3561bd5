/**
 * The record of what Pulumi was told, resource by resource: with it the same can be deployed again by any later
 * version of this program, from the same images, when an update fails half-way.
 */
import { createHash } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import type { Deployed } from '../plan/changes.ts';
import type { ServiceName } from '../plan/container.ts';
import { descriptionName } from './description.ts';

/** A resource with its inputs as they were known in the end. Others are named by their place in the record. */
export interface Told {
  type: string;
  name: string;
  /** Managed by a provider; a component otherwise. */
  custom: boolean;
  inputs: Record<string, unknown>;
  /** Names of the inputs that are secret. */
  secret: string[];
  parent?: number;
  /** Of the engine that it is on, where that is not the default one. */
  provider?: number;
  dependsOn: number[];
  options: Partial<pulumi.CustomResourceOptions>;
}

/** What was good is not tried again, unless a part of it is another one now. */
const trial = /-trial$/;

/** An image is found by its name, and not built again. */
const found: Record<string, string[]> = { 'docker:index/remoteImage:RemoteImage': ['name', 'keepLocally'] };

/** Records every resource from now on. The result, the record as JSON, is known when all of them are there. */
export function recordResources(): () => pulumi.Output<string> {
  const resources: pulumi.Resource[] = [];
  const record: Promise<Told>[] = [];
  pulumi.runtime.registerStackTransformation(({ resource, type, name, props, opts }) => {
    const { parent, dependsOn, provider, ...options } = opts as pulumi.CustomResourceOptions;
    const place = (other: pulumi.Resource) => resources.indexOf(other);
    const inputs = Object.fromEntries(
      Object.entries(props).filter(
        ([key, value]) => value !== undefined && (found[type]?.includes(key) ?? true),
      ),
    );
    const told = {
      type,
      name,
      custom: resource instanceof pulumi.CustomResource,
      inputs,
      parent: parent && place(parent),
      provider: provider && place(provider),
      options,
    };
    const places = (others: Iterable<pulumi.Resource>) =>
      [...others].map(place).filter((index) => index >= 0);
    const named = places([dependsOn ?? []].flat() as pulumi.Resource[]);
    record.push(
      Promise.all([secretNames(inputs), sourcesOf(inputs)]).then(([secret, sources]) => ({
        ...told,
        secret,
        dependsOn: [...new Set([...named, ...places(sources)])],
      })),
    );
    resources.push(resource);
    return undefined;
  });
  return () => {
    const there = resources.map((resource) => (resource as Partial<pulumi.CustomResource>).id);
    return pulumi.all([record, there]).apply(([told]) => JSON.stringify(told));
  };
}

/**
 * The resources whose outputs are among the inputs. Told again, inputs are mere values: that they depend on another
 * resource, and so that it has to go later, has to be said then.
 */
async function sourcesOf(inputs: Record<string, unknown>): Promise<Iterable<pulumi.Resource>> {
  const all = pulumi.output(inputs) as unknown as { allResources(): Promise<Set<pulumi.Resource>> };
  return all.allResources();
}

async function secretNames(inputs: Record<string, unknown>): Promise<string[]> {
  const named = Object.entries(inputs).flatMap(([name, value]) =>
    name === 'environment' ? Object.entries(inVariables(value)) : [[name, value] as const],
  );
  const names = named.map(async ([name, value]) =>
    (await pulumi.isSecret(pulumi.output(value))) ? [name] : [],
  );
  return (await Promise.all(names)).flat();
}

/** Variables of an environment, each of which may be secret by itself, by names such as `environment.NAME`. */
const inVariables = (environment: unknown): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(environment as object).map(([name, value]) => [`environment.${name}`, value]),
  );

/** A resource of whatever type. */
class Custom extends pulumi.CustomResource {}

class Provider extends pulumi.ProviderResource {}
const providers = 'pulumi:providers:';

/** Tells Pulumi again what the record says, with or without the trials. */
export function tellAgain(record: Told[], { trials }: { trials: boolean }): void {
  const made: (pulumi.Resource | undefined)[] = [];
  for (const { type, name, custom, inputs, secret, parent, provider, dependsOn, options } of record) {
    const others = dependsOn.flatMap((index) => made[index] ?? []);
    const opts = {
      ...options,
      parent: parent === undefined ? undefined : made[parent],
      provider: provider === undefined ? undefined : (made[provider] as Provider),
      dependsOn: others,
    };
    const hide = (key: string, value: unknown) => (secret.includes(key) ? pulumi.secret(value) : value);
    const props = Object.fromEntries(
      Object.entries({ ...inputs, ...awaited(name, inputs, others) }).map(([key, value]) => [
        key,
        hide(key, key === 'environment' ? hideVariables(value as object, hide) : value),
      ]),
    );
    made.push(trial.test(name) && !trials ? undefined : again(type, name, custom, props, opts));
  }
}

const hideVariables = (environment: object, hide: (key: string, value: unknown) => unknown) =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, hide(`environment.${name}`, value)]),
  );

function again(
  type: string,
  name: string,
  custom: boolean,
  props: pulumi.Inputs,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  if (type.startsWith(providers)) return new Provider(type.slice(providers.length), name, props, opts);
  return custom ? new Custom(type, name, props, opts) : new pulumi.ComponentResource(type, name, {}, opts);
}

/** What waits for a container waits for the one that there is then. */
function awaited(name: string, inputs: Told['inputs'], [container]: pulumi.Resource[]): Told['inputs'] {
  if (!name.endsWith('-ready')) return {};
  const { id } = container as pulumi.CustomResource;
  return { environment: { ...(inputs.environment as object), CONTAINER: id } };
}

/** Another image of a service. */
export interface OtherImage {
  service: ServiceName;
  name: string;
  id: string;
  /** Hashes of what it was built from, by path. */
  sources: Record<string, string>;
}

/** The record of the same deployment with another image of one service. */
export function withImage(record: Told[], { service, name, id, sources }: OtherImage): Told[] {
  const from = String(containerOf(record, service).inputs.image);
  // What is made from an image knows it by its id.
  const changed: Told[] = JSON.parse(JSON.stringify(record).replaceAll(from, id));
  const hash = hashInputs(containerOf(changed, service).inputs);
  return changed.map((told) => {
    const { inputs } = told;
    if (told.name.startsWith(`${service}-image-`))
      return { ...told, name: `${service}-image-${name.split(':')[1]}`, inputs: { ...inputs, name } };
    if (told.name === `${service}-drain`)
      return {
        ...told,
        inputs: { ...inputs, environment: { ...(inputs.environment as object), INPUTS: hash } },
      };
    if (told.name.startsWith('description-')) {
      const deployed: Deployed = JSON.parse(inputs.stdin as string);
      deployed.described.sources[service] = sources;
      return {
        ...told,
        name: descriptionName(deployed),
        inputs: { ...inputs, stdin: JSON.stringify(deployed) },
      };
    }
    return told;
  });
}

function containerOf(record: Told[], service: ServiceName): Told {
  const found = record.find(
    ({ type, name }) => type === 'docker:index/container:Container' && name === service,
  );
  if (found === undefined) throw new Error(`the record has no container of ${service}`);
  return found;
}

/** Changes when one of a resource's inputs does, in whatever order they are. */
export const hashInputs = (inputs: object): string =>
  createHash('sha256')
    .update(
      JSON.stringify(
        Object.entries(inputs)
          .filter(([, value]) => value !== undefined)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    )
    .digest('hex');
