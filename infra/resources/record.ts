/**
 * The record of what Pulumi was told, resource by resource: with it the same can be deployed again by any later
 * version of this program, from the same images, when an update fails half-way.
 */
import * as pulumi from '@pulumi/pulumi';

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

/** What was good is not tried again. */
const trial = /-trial$/;

/** An image is found by its name, and not built again. */
const found: Record<string, string[]> = { 'docker:index/remoteImage:RemoteImage': ['name', 'keepLocally'] };

/** Records every resource from now on. The result, the record as JSON, is known when all of them are there. */
export function recordResources(): () => pulumi.Output<string> {
  const resources: pulumi.Resource[] = [];
  const record: Promise<Told>[] = [];
  pulumi.runtime.registerStackTransformation(({ resource, type, name, props, opts }) => {
    if (trial.test(name)) return undefined;
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
      dependsOn: ([dependsOn ?? []].flat() as pulumi.Resource[]).map(place).filter((index) => index >= 0),
      options,
    };
    record.push(secretNames(inputs).then((secret) => ({ ...told, secret })));
    resources.push(resource);
    return undefined;
  });
  return () => {
    const there = resources.map((resource) => (resource as Partial<pulumi.CustomResource>).id);
    return pulumi.all([record, there]).apply(([told]) => JSON.stringify(told));
  };
}

async function secretNames(inputs: Record<string, unknown>): Promise<string[]> {
  const names = Object.entries(inputs).map(async ([name, value]) =>
    (await pulumi.isSecret(pulumi.output(value))) ? [name] : [],
  );
  return (await Promise.all(names)).flat();
}

/** A resource of whatever type. */
class Custom extends pulumi.CustomResource {}

class Provider extends pulumi.ProviderResource {}
const providers = 'pulumi:providers:';

/** Tells Pulumi again what the record says. */
export function tellAgain(record: Told[]): void {
  const made: pulumi.Resource[] = [];
  for (const { type, name, custom, inputs, secret, parent, provider, dependsOn, options } of record) {
    const opts = {
      ...options,
      parent: parent === undefined ? undefined : made[parent],
      provider: provider === undefined ? undefined : (made[provider] as Provider),
      dependsOn: dependsOn.map((index) => made[index]),
    };
    const props = Object.fromEntries(
      Object.entries(inputs).map(([key, value]) => [
        key,
        secret.includes(key) ? pulumi.secret(value) : value,
      ]),
    );
    made.push(again(type, name, custom, props, opts));
  }
}

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
