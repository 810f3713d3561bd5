/** A debugger on the running gateway, from a container of its own: the gateway's has neither compiler nor debugger. */
import { coreFolder } from '../../../infra/plan/container.ts';
import { $ } from '../command.ts';
import { buildImage } from '../image-build.ts';
import { noteUse } from '../prune.ts';
import { loadConfig, readStackFile, stackFile } from '../settings.ts';
import { Failure, step } from '../steps.ts';
import { planGateway } from './rebuild.ts';

const everyThread = ['-batch', '-ex', 'thread apply all backtrace 8'];

/** Says which core dumps there are, and what opens them. */
async function tellCores(name: string, image: string): Promise<void> {
  const container = `${name}-gateway`;
  const listed = await $({ quiet: true, nothrow: true })`docker exec ${container} ls ${coreFolder}`;
  const cores = listed.stdout.split('\n').filter((file) => file.endsWith('.core'));
  if (cores.length === 0) return;
  const build = await $({ quiet: true })`docker exec ${container} cat /opt/janus/lib/janus/plugins/build`;
  console.log(`Core dumps, of which those of build ${build.stdout.trim()} are of what runs:
  ${cores.join('\n  ')}
  To open one: docker run --interactive --tty --rm --network none --volume ${container}-cores:${coreFolder}:ro --entrypoint gdb ${image} /opt/janus/bin/janus ${coreFolder}/…`);
}

/**
 * On a terminal, gdb as one knows it; the gateway stands still meanwhile. Elsewhere shows where its threads are.
 * @param sanitize whether it is the gateway with sanitizers that runs
 * @throws Failure when the debugger cannot be built or attached
 */
export async function debug(name: string, sanitize = false): Promise<void> {
  const config = loadConfig(readStackFile(stackFile(name)));
  const { image: gateway } = await planGateway(config, sanitize);
  const { context, buildArgs, tag } = gateway;
  const withGdb = { context, buildArgs, name: `janus-deploy/gateway-debug:${tag}`, target: 'debug' };
  const image = await step('debugger', async () => {
    await noteUse([withGdb]);
    const id = await buildImage(withGdb);
    return { result: 'gdb, with the plugins’ symbols and sources', value: id };
  });
  if (config.coreDumps) await tellCores(`janus-deploy-${name}`, withGdb.name);
  const terminal = process.stdin.isTTY && process.stdout.isTTY;
  const ended = await $({ stdio: 'inherit', nothrow: true })`docker run --rm ${[
    ...(terminal ? ['--interactive', '--tty'] : []),
    ...['--pid', `container:janus-deploy-${name}-gateway`, '--network', 'none'],
    // What is below /proc of another user's process is that user's alone.
    ...['--cap-drop', 'ALL', '--cap-add', 'SYS_PTRACE', '--cap-add', 'DAC_OVERRIDE'],
    ...['--security-opt', 'no-new-privileges:true'],
    ...[image, ...(terminal ? [] : everyThread)],
  ]}`;
  if (ended.exitCode !== 0) throw new Failure('The debugger ended with an error; what it said is above.');
}
