/** What all services have in common: image, files, trial; and a container that is locked in, checked and limited. */
import { local } from '@pulumi/command';
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { type ServiceName, serviceUser } from '../plan/container.ts';
import type { ImagePlan } from '../plan/image.ts';
import { type Marks, markLabel } from '../plan/marks.ts';
import type { Plan } from '../plan/plan.ts';
import { engineEnvironment } from './engine.ts';
import { Files } from './files.ts';
import { provideImage } from './image.ts';
import { hashInputs } from './record.ts';
import { tryService } from './trial.ts';

/** What every service is made from. */
export interface ServiceInputs {
  plan: Plan;
  image: ImagePlan;
  /** Other ones when the container or the files have to be made anew. */
  marks: Marks;
  /** The bridge network, when there is one. */
  network?: docker.Network;
}

export interface ServiceArgs extends ServiceInputs {
  /** Texts by the names that the plan lists. */
  files: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** What viewers' tokens are signed with, where those who use the service need one. */
  tokenSecret?: pulumi.Input<string>;
}

/** A service that is made ready and tried when it is constructed, and runs when it is started. */
export class Service {
  readonly image: docker.RemoteImage;
  /** Fails when the service would not serve. */
  readonly trial: pulumi.Resource;
  private readonly name: ServiceName;
  private readonly args: ServiceArgs;
  private readonly files: Files;
  private readonly opts: pulumi.CustomResourceOptions;

  constructor(name: ServiceName, args: ServiceArgs, opts: pulumi.CustomResourceOptions) {
    const { plan, image, marks, files, tokenSecret } = args;
    this.name = name;
    this.args = args;
    this.opts = opts;
    this.files = new Files(
      `${name}-files`,
      {
        volume: `${plan.name}-${name}-files`,
        mark: marks.files,
        image: plan.baseImage,
        files,
        effects: plan.files[name],
        environment: engineEnvironment(plan),
      },
      opts,
    );
    this.image = provideImage(`${name}-image`, image, opts);
    this.trial = tryService(
      `${name}-trial`,
      {
        name: `${plan.name}-${name}-trial`,
        label: stackLabel(plan),
        image: this.image.imageId,
        ipv6: plan.localAddresses.some((address) => address.includes(':')),
        archive: this.files.archive,
        container: plan.containers[name],
        tokenSecret,
        environment: engineEnvironment(plan),
      },
      opts,
    );
  }

  /**
   * Puts the files in place and has them run.
   * @param dependsOn what has to be there, or be proved, before anything that serves is touched
   * @returns what is created when the service serves
   */
  start(dependsOn: pulumi.Resource[]): pulumi.Resource {
    const written = this.files.write({ ...this.opts, dependsOn });
    const prepared = [written, ...dependsOn];
    const inputs = this.container();
    const drained = this.drain(inputs, { ...this.opts, dependsOn: prepared });
    const container = new docker.Container(this.name, inputs, {
      ...this.opts,
      dependsOn: [...prepared, ...drained],
      deleteBeforeReplace: true,
    });
    const ready = this.ready(container);
    this.reload(container, { ...this.opts, dependsOn: [written, ready] });
    return ready;
  }

  private container(): docker.ContainerArgs {
    const { plan, marks } = this.args;
    const { memory, processes, tmpfs, mounts, volumes, reads, healthcheck, dumpsCore } =
      plan.containers[this.name];
    const { replace } = this.files.hashes;
    return {
      name: `${plan.name}-${this.name}`,
      image: this.image.imageId,
      ...this.reachable(),
      ...lockedIn,
      memory,
      memorySwap: memory,
      ulimits: [
        { name: 'nproc', soft: processes, hard: processes },
        { name: 'core', ...(dumpsCore ? { soft: -1, hard: -1 } : { soft: 0, hard: 0 }) },
      ],
      tmpfs,
      mounts: [
        { type: 'volume', source: this.files.volume, target: '/config', readOnly: true },
        ...mounts.map((mount) => ({ ...mount, readOnly: true })),
        ...Object.entries(volumes).map(([target, { name, inMemory }]) => ({
          type: 'volume',
          source: this.makeVolume(name, inMemory),
          target,
        })),
        ...Object.entries(reads).map(([target, source]) => ({
          type: 'volume',
          source,
          target,
          readOnly: true,
        })),
      ],
      labels: [
        stackLabel(plan),
        // Files that are only read at start: when they change, the container is replaced; when somebody else
        // changed them, too, as it may have been started with those.
        ...(replace === undefined
          ? []
          : [{ label: 'janus-deploy.files', value: pulumi.interpolate`${replace}-${marks.files}` }]),
        ...(marks.container === '' ? [] : [{ label: markLabel, value: marks.container }]),
      ],
      healthcheck: {
        tests: ['CMD', ...healthcheck],
        interval: '5s',
        timeout: '5s',
        startPeriod: '3s',
        retries: 3,
      },
      mustRun: true,
      restart: 'unless-stopped',
      logDriver: 'json-file',
      logOpts: { 'max-size': '10m', 'max-file': '3' },
    };
  }

  /** When the container is about to be replaced, lets those who use it finish; how long is for `npm run up` to say. */
  private drain(inputs: docker.ContainerArgs, opts: pulumi.CustomResourceOptions): pulumi.Resource[] {
    const { plan } = this.args;
    if (!plan.containers[this.name].drains) return [];
    const drained = new local.Command(
      `${this.name}-drain`,
      {
        create: 'node ../scripts/lib/drain-step.ts',
        environment: {
          ...engineEnvironment(plan),
          CONTAINER: `${plan.name}-${this.name}`,
          INPUTS: pulumi.output(inputs).apply(hashInputs),
        },
      },
      opts,
    );
    return [drained];
  }

  /** Waits until a new container serves; the engine, which looks at it now and then, would know it seconds later. */
  private ready(container: docker.Container): pulumi.Resource {
    const { healthcheck } = this.args.plan.containers[this.name];
    return new local.Command(
      `${this.name}-ready`,
      {
        create: 'node ../scripts/lib/ready.ts',
        environment: {
          ...engineEnvironment(this.args.plan),
          NAME: container.name,
          CONTAINER: container.id,
          HEALTHCHECK: JSON.stringify(healthcheck),
        },
      },
      { ...this.opts, dependsOn: container },
    );
  }

  /** A volume of the service's own, removed with the deployment. */
  private makeVolume(name: string, inMemory = false): pulumi.Output<string> {
    const { plan } = this.args;
    const memory = {
      driverOpts: {
        type: 'tmpfs',
        device: 'tmpfs',
        o: `size=1m,uid=${serviceUser},gid=${serviceUser},mode=0700`,
      },
    };
    return new docker.Volume(name.slice(`${plan.name}-`.length), { name, ...(inMemory && memory) }, this.opts)
      .name;
  }

  /** Has the running service read its files anew when one of those changes that it can take while it runs. */
  private reload(container: docker.Container, opts: pulumi.CustomResourceOptions): void {
    const command = this.args.plan.containers[this.name].reload;
    const { reload } = this.files.hashes;
    if (command === undefined || reload === undefined) return;
    new local.Command(
      `${this.name}-reload`,
      {
        // Nothing, in every shell: a service that is new has read its files.
        create: 'cd .',
        update: 'node ../scripts/lib/reload.ts',
        environment: {
          ...engineEnvironment(this.args.plan),
          RELOAD: pulumi.jsonStringify({ container: container.name, command }),
          FILES: pulumi.interpolate`${reload}-${this.args.marks.files}`,
        },
      },
      opts,
    );
  }

  /** The machine's own network, or a fixed address on the stack's network and published ports. */
  private reachable(): Partial<docker.ContainerArgs> {
    const { plan, network } = this.args;
    if (network === undefined || plan.network.mode === 'host') return { networkMode: 'host' };
    return {
      networksAdvanced: [{ name: network.name, ipv4Address: plan.network.addresses[this.name] }],
      ports: plan.published[this.name].map(({ port, protocol }) => ({
        internal: port,
        external: port,
        protocol,
        ip: '0.0.0.0',
      })),
    };
  }
}

/** By it everything of a deployment is found. */
export const stackLabel = ({ name }: Plan) => ({ label: 'janus-deploy.stack', value: name });

/** A process that is broken into finds little to write to and nothing to gain. */
export const lockedIn = {
  user: `${serviceUser}:${serviceUser}`,
  readOnly: true,
  capabilities: { drops: ['ALL'] },
  securityOpts: ['no-new-privileges:true'],
  init: true,
} satisfies Partial<docker.ContainerArgs>;
