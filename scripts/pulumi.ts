/** `npm run pulumi -- preview`: any Pulumi command on the stack that `npm run up` keeps, with the same toolchain. */
import { ensureToolchain } from './lib/pulumi.ts';
import { namedEngine } from './lib/settings.ts';
import { reachEngine } from './lib/ssh.ts';
import { openStack, pulumi } from './lib/stack.ts';
import { main } from './lib/steps.ts';

await main(async () => {
  const name = process.env.JANUS_DEPLOY_STACK ?? 'dev';
  await reachEngine(namedEngine(name));
  const toolchain = await ensureToolchain((part) => console.log(`building ${part} …`));
  const stack = await openStack(name, toolchain);
  const ended = await pulumi(stack, process.argv.slice(2), (line) => console.log(line));
  process.stderr.write(ended.stderr);
  process.exitCode = ended.exitCode ?? 1;
});
