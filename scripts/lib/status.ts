/** What a deployment does at the moment. */
import { X509Certificate } from 'node:crypto';
import type { ContainerName } from '../../infra/plan/container.ts';
import { AdminApi } from './admin.ts';
import type { GatewayBuild } from './build-contexts.ts';
import { $ } from './command.ts';
import { readContainers, readUsage, type Usage } from './containers.ts';
import { ensureToolchain } from './pulumi.ts';
import { namedEngine } from './settings.ts';
import { reachEngine } from './ssh.ts';
import { isKept, lastOperation, type Operation, openStack, outputs } from './stack.ts';
import { Failure } from './steps.ts';
import { type Gateway, readGateway } from './viewers.ts';

/** What Pulumi knows of the deployment. */
export interface Deployment {
  player: string;
  /** Flavour of Janus. */
  janus: string;
  substitutions: string[];
  /** What the gateway's plugins were built from. */
  gatewayBuild?: GatewayBuild;
  last?: Operation;
}

export interface ServiceStatus {
  service: ContainerName;
  /** `running`, `exited`, …; `missing` for one that is not there. */
  state: string;
  /** `healthy`, `unhealthy` or `starting`. */
  health: string;
  /** ISO 8601. */
  started?: string;
  /** Name with the hash of all that it is made from, and when it was built (ISO 8601). */
  image?: { name: string; built: string };
  usage?: Usage;
}

export interface Status {
  stack: string;
  /** Undefined where the stack was deployed from elsewhere. */
  deployment?: Deployment;
  services: ServiceStatus[];
  /** Undefined while it does not answer, with the reason. */
  gateway?: Gateway;
  gatewayProblem?: string;
  /** What the web server serves. */
  certificate?: { names: string[]; ends: string; daysLeft: number };
}

/** Undefined for a stack that was deployed from elsewhere. */
export async function readDeployment(name: string): Promise<Deployment | undefined> {
  await reachEngine(namedEngine(name));
  if (!isKept(name)) return undefined;
  const stack = await openStack(name, await ensureToolchain(() => undefined));
  const [{ player, janus, substitutions, gatewayBuild }, last] = await Promise.all([
    outputs(stack),
    lastOperation(stack),
  ]);
  return { player, janus, substitutions, gatewayBuild, last } as Deployment;
}

/** @throws Failure when nothing of the stack is there */
export async function readStatus(stack: string, deployment: Deployment | undefined): Promise<Status> {
  const name = `janus-deploy-${stack}`;
  const [containers, usage] = await Promise.all([readContainers(name), readUsage(name)]);
  if (containers === undefined) {
    throw new Failure(`Stack ${stack} is not deployed on this engine; \`npm run up\` deploys it.`);
  }
  const [gateway, certificate, images] = await Promise.all([
    AdminApi.open(`${name}-gateway`)
      .then(readGateway)
      .then(
        (gateway) => ({ gateway }),
        (error: Error) => ({ gatewayProblem: error.message }),
      ),
    readServedCertificate(`${name}-web`),
    Promise.all(containers.map(({ image }) => readImage(image))),
  ]);
  const services = containers.map(({ service, state, health, started }, i) => ({
    service,
    state,
    health,
    started,
    image: images[i],
    usage: usage[service],
  }));
  return { stack, deployment, services, ...gateway, certificate };
}

async function readImage(id: string | undefined): Promise<ServiceStatus['image']> {
  if (id === undefined) return undefined;
  const read = await $({ quiet: true, nothrow: true })`docker image inspect ${id}`;
  if (read.exitCode !== 0) return undefined;
  const [{ RepoTags, Created }] = JSON.parse(read.stdout);
  return { name: RepoTags?.[0] ?? id, built: Created };
}

async function readServedCertificate(container: string): Promise<Status['certificate']> {
  const read = await $({
    quiet: true,
    nothrow: true,
  })`docker exec ${container} cat /config/current/tls/fullchain.pem`;
  if (read.exitCode !== 0) return undefined;
  const { subjectAltName = '', validTo } = new X509Certificate(read.stdout);
  const ends = new Date(validTo);
  return {
    names: subjectAltName.split(', ').map((entry) => entry.replace(/^(DNS|IP Address):/, '')),
    ends: ends.toISOString(),
    daysLeft: Math.floor((ends.getTime() - Date.now()) / 86_400_000),
  };
}
