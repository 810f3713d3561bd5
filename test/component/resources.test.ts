/** Which resources the program makes, with which inputs, on each network mode; Pulumi's engine is mocked. */
import * as pulumi from '@pulumi/pulumi';
import { beforeEach, describe, expect, it } from 'vitest';
import { planImages } from '../../infra/plan/image.ts';
import { makePlan, type Plan } from '../../infra/plan/plan.ts';
import type { Told } from '../../infra/resources/record.ts';
import { configOf, linux, official } from '../support/facts.ts';

interface Made {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  /** URN and id of the one it is made by. */
  provider?: string;
}
let made: Made[] = [];

pulumi.runtime.setMocks(
  {
    newResource: ({ type, name, inputs, provider }) => {
      made.push({ type, name, inputs, provider });
      return {
        id: `${name}-id`,
        state: { imageId: 'sha256:0', mountpoint: '/v', stdout: 'secret', ...inputs },
      };
    },
    call: () => ({}),
  },
  'janus-deploy',
  'test',
  false,
);

const planFor = (network: string, more: Record<string, string> = {}): Plan =>
  makePlan('test', configOf({ network, maxViewers: '4', ...more }), linux, official);

/** All resources of a deployment, once they are registered. */
async function deploy(plan: Plan, onEngine: ReadonlySet<string> = new Set()): Promise<Made[]> {
  made = [];
  const { defineDeployment } = await import('../../infra/resources/deployment.ts');
  const mark = { container: '1', files: '2' };
  const context = { path: '/contexts/x', hash: '0'.repeat(64) };
  const { gateway } = defineDeployment({
    plan,
    images: planImages(
      plan,
      { gateway: context, turn: context, web: context, ...(plan.monitoring && { prometheus: context }) },
      onEngine,
    ),
    marks: { gateway: mark, turn: mark, web: mark },
    certificate: { chain: 'CHAIN', key: 'KEY' },
    media: [{ name: 'film.mp4', kind: 'video' }],
    deployed: { engine: linux, build: official, described: { plan, files: {}, sources: {} } },
  });
  await new Promise((resolve) => gateway.service.trial.urn.apply(resolve));
  await pulumi.runtime.disconnect();
  return made;
}

const container = (resources: Made[], name: string) =>
  resources.find(({ type, name: found }) => type === 'docker:index/container:Container' && found === name)
    ?.inputs;

describe('on the host network', () => {
  let resources: Made[];
  beforeEach(async () => {
    resources = await deploy(planFor('host'));
  });

  it('makes three services, their images, files and secrets, and no network', () => {
    const counts: Record<string, number> = {};
    for (const { type } of resources) counts[type] = (counts[type] ?? 0) + 1;
    expect(counts).toMatchSnapshot();
  });

  it('publishes nothing', () => {
    for (const name of ['gateway', 'turn', 'web']) {
      expect(container(resources, name)).toMatchObject({ networkMode: 'host' });
      expect(container(resources, name)?.ports).toBeUndefined();
    }
  });

  it('lets each service write to its own metrics alone, and the gateway to its cache of sound', () => {
    const writable = ['gateway', 'turn', 'web'].map((name) => {
      const mounts = container(resources, name)?.mounts as { target: string; readOnly: boolean }[];
      return mounts.filter(({ readOnly }) => !readOnly).map(({ target }) => target);
    });
    expect(writable).toEqual([['/metrics/gateway', '/cache'], ['/metrics/turn'], ['/metrics/web']]);
  });

  it('uses these inputs and no others, which the built providers have to serve too', () => {
    const inputs: Record<string, string[]> = {};
    for (const { type, inputs: given } of resources.filter(
      ({ type: kind }) => !kind.startsWith('janus-deploy'),
    )) {
      const names = Object.keys(given).filter((name) => given[name] !== undefined);
      inputs[type] = [...new Set([...(inputs[type] ?? []), ...names])].sort();
    }
    expect(inputs).toMatchSnapshot();
  });
});

it('writes no memory of the gateway to a disk, unless core dumps are asked for', async () => {
  const written = async (coreDumps: string) => {
    const gateway = container(await deploy(planFor('host', { coreDumps })), 'gateway');
    const limits = gateway?.ulimits as { name: string; hard: number }[];
    const mounts = gateway?.mounts as { target: string; source: string }[];
    return [
      limits.find(({ name }) => name === 'core')?.hard,
      mounts.find(({ target }) => target === '/cores')?.source,
    ];
  };
  expect(await written('false')).toEqual([0, undefined]);
  expect(await written('true')).toEqual([-1, 'janus-deploy-test-gateway-cores']);
});

it('builds no image that the engine has', async () => {
  const plan = planFor('host');
  const built = (resources: Made[]) =>
    resources
      .filter(({ type }) => type === 'docker:index/remoteImage:RemoteImage')
      .map(({ inputs }) => [inputs.name as string, inputs.build !== undefined] as const);
  const images = built(await deploy(plan));
  expect(images.map(([, build]) => build)).toEqual([true, true, true]);
  const again = built(await deploy(plan, new Set([images[0][0]])));
  expect(again).toEqual(images.map(([name], index) => [name, index > 0]));
});

describe('on a bridge network', () => {
  it('gives each service its fixed address and publishes its ports', async () => {
    const plan = planFor('bridge');
    const resources = await deploy(plan);
    expect(resources.some(({ type }) => type === 'docker:index/network:Network')).toBe(true);
    for (const name of ['gateway', 'turn', 'web'] as const) {
      const inputs = container(resources, name);
      expect(inputs?.networkMode).toBeUndefined();
      expect((inputs?.networksAdvanced as { ipv4Address: string }[])[0].ipv4Address).toBe(
        plan.network.mode === 'bridge' && plan.network.addresses[name],
      );
      expect(inputs?.ports).toHaveLength(plan.published[name].length);
    }
  });
});

describe('a deployment that an earlier release made', () => {
  it('goes on with its resources: their names are the same', async () => {
    // What is no longer named here, Pulumi removes; what has another name, it makes anew. A resource that is renamed
    // carries its former name as an alias.
    const names = (await deploy(planFor('bridge'))).map(({ name }) => name.replace(/-[0-9a-f]{16}$/, ''));
    expect([...new Set(names)].sort()).toMatchInlineSnapshot(`
      [
        "admin-secret",
        "description",
        "gateway",
        "gateway-cache",
        "gateway-drain",
        "gateway-files",
        "gateway-image",
        "gateway-metrics",
        "gateway-ready",
        "gateway-reload",
        "gateway-trial",
        "network",
        "streaming-key",
        "token-secret",
        "turn",
        "turn-files",
        "turn-image",
        "turn-metrics",
        "turn-ready",
        "turn-secret",
        "turn-trial",
        "web",
        "web-files",
        "web-image",
        "web-metrics",
        "web-ready",
        "web-reload",
        "web-trial",
      ]
    `);
  });
});

describe('with monitoring', () => {
  it('adds Prometheus and Grafana, for the machine alone', async () => {
    const host = await deploy(planFor('host', { monitoring: 'true' }));
    expect(container(host, 'prometheus')?.command).toContain('--web.listen-address=127.0.0.1:9090');
    expect(container(host, 'grafana')?.envs).toContain('GF_SERVER_HTTP_ADDR=127.0.0.1');
    const bridged = await deploy(planFor('bridge', { monitoring: 'true' }));
    for (const [name, port] of Object.entries({ prometheus: 9090, grafana: 3000 })) {
      expect(container(host, name)).toMatchObject({ readOnly: true, networkMode: 'host' });
      expect(container(bridged, name)?.ports).toEqual([
        { internal: port, external: port, protocol: 'tcp', ip: '127.0.0.1' },
      ]);
    }
  });
});

describe('on an engine that is reached by ssh', () => {
  const dockerHost = 'ssh://root@media.example.org';
  const plan = () => makePlan('test', configOf({ dockerHost, maxViewers: '4' }), linux, official);
  /** Of whatever is on the engine, or runs the docker command, whether it is made there. */
  const onEngine = (resources: Made[]) =>
    resources
      .filter(
        ({ type, name }) => /^(docker|command):/.test(type) && !/-(secret|key)$|^description-/.test(name),
      )
      .map(({ type, name, inputs, provider }) => [
        name,
        type.startsWith('docker:')
          ? provider?.includes('pulumi:providers:docker::engine')
          : JSON.stringify(inputs.environment).includes(`"DOCKER_HOST":"${dockerHost}"`),
      ])
      .sort();

  it('makes all of it there', async () => {
    const resources = await deploy(plan());
    const engine = resources.find(({ type }) => type === 'pulumi:providers:docker');
    expect(engine).toMatchObject({ name: 'engine', inputs: { host: dockerHost } });
    expect(onEngine(resources).filter(([, there]) => !there)).toEqual([]);
  });

  it('makes it there again from the record', async () => {
    const { recordResources, tellAgain } = await import('../../infra/resources/record.ts');
    let told: Made[] = [];
    let known: Told[] = [];
    await pulumi.runtime.runInPulumiStack(async () => {
      const finish = recordResources();
      told = await deploy(plan());
      const record = await new Promise<string>((resolve) => finish().apply(resolve));
      made = [];
      known = JSON.parse(record);
      tellAgain(known, { trials: false });
    });
    await pulumi.runtime.disconnect();
    expect(onEngine(made)).toEqual(onEngine(told.filter(({ name }) => !name.endsWith('-trial'))));
    expect(made.find(({ name }) => name === 'engine')?.inputs).toEqual({ host: dockerHost });
    // A volume goes after the container that has it, though that knows it by its name alone.
    const gateway = known.find(({ type, name }) => /Container$/.test(type) && name === 'gateway');
    expect(gateway?.dependsOn.map((place) => `${known[place].type} ${known[place].name}`)).toEqual(
      expect.arrayContaining(
        ['gateway-files', 'gateway-cache'].map((name) => `docker:index/volume:Volume ${name}`),
      ),
    );
  });
});
