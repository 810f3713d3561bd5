/** The marks of what is on the engine (infra/plan/marks.ts): another one for what was changed by hand, or is not there. */
import { randomBytes } from 'node:crypto';
import { type ServiceName, serviceNames } from '../../infra/plan/container.ts';
import { hashGeneration, type Marks, markLabel } from '../../infra/plan/marks.ts';
import type { Plan } from '../../infra/plan/plan.ts';
import { $ } from './command.ts';

/** What `docker inspect` says of a container. */
interface Container {
  Name: string;
  State: { Paused: boolean };
  Config: { Labels: Record<string, string> };
  HostConfig: Record<string, unknown>;
  NetworkSettings: { Networks: Record<string, unknown> };
}

/** Limits that `docker update` can set, no service has and the provider does not compare. */
const unlimited = [
  'BlkioWeight',
  'CpuPeriod',
  'CpuQuota',
  'CpuRealtimePeriod',
  'CpuRealtimeRuntime',
  'CpuShares',
  'CpusetCpus',
  'CpusetMems',
  'MemoryReservation',
  'NanoCpus',
  'PidsLimit',
];

const nextMark = (): string => randomBytes(4).toString('hex');

/** Marks of each service. */
export async function readMarks(plan: Plan): Promise<Record<ServiceName, Marks>> {
  const [containers, files] = await Promise.all([containerMarks(plan), fileMarks(plan)]);
  const marks = serviceNames.map((service) => [
    service,
    { container: containers[service] ?? nextMark(), files: files[service] ?? nextMark() },
  ]);
  return Object.fromEntries(marks);
}

type Known = Partial<Record<string, string>>;

async function containerMarks({ name, network }: Plan): Promise<Known> {
  const names = serviceNames.map((service) => `${name}-${service}`);
  // Those that are there are told, whatever the others are.
  const inspected = await $({ quiet: true, nothrow: true })`docker inspect --type container ${names}`;
  const place = network.mode === 'host' ? 'host' : name;
  return Object.fromEntries(
    (JSON.parse(inspected.stdout || '[]') as Container[])
      .filter(
        ({ State, HostConfig, NetworkSettings }) =>
          !State.Paused &&
          unlimited.every((limit) => !HostConfig[limit]) &&
          Object.keys(NetworkSettings.Networks).join() === place,
      )
      // One of before there were marks has none, and stays.
      .map(({ Name, Config }) => [Name.slice(name.length + 2), Config.Labels[markLabel] ?? '']),
  );
}

async function fileMarks({ name, baseImage }: Plan): Promise<Known> {
  const volume = (service: string) => `${name}-${service}-files`;
  const listed = await $({ quiet: true })`docker volume ls --filter name=${name}- --format {{.Name}}`;
  const there = serviceNames.filter((service) => listed.stdout.split('\n').includes(volume(service)));
  if (there.length === 0) return {};
  const volumes = there.flatMap((service) => ['--volume', `${volume(service)}:/${service}:ro`]);
  const read = await $({
    quiet: true,
    nothrow: true,
  })`docker run --rm --network none --user 0 ${volumes} ${baseImage} sh -c ${intact} sh ${there}`;
  return Object.fromEntries(
    read.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' ')),
  );
}

/** Prints the name and the mark of each volume whose files are as they were written. */
const intact = [
  'for service; do',
  'cd "/$service" && generation=$(readlink current) && read -r mark hash < "$generation.seal" &&',
  `[ "$(${hashGeneration('current')})" = "$hash" ] && echo "$service $mark"`,
  'done 2> /dev/null',
].join('\n');
