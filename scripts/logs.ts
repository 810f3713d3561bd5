/** `npm run logs`: the logs of all services in one stream and one format. */
import { createInterface } from 'node:readline';
import { parseArgs, styleText } from 'node:util';
import { ConfigError } from '../infra/config/config.ts';
import { serviceNames } from '../infra/plan/container.ts';
import { $ } from './lib/command.ts';
import { isAtLeast, type Level, type LogLine, levels, parseLine } from './lib/log-lines.ts';
import { namedEngine } from './lib/settings.ts';
import { reachEngine } from './lib/ssh.ts';
import { Failure, main } from './lib/steps.ts';

await main(async () => {
  const { values } = parseArgs({
    options: {
      stack: { type: 'string', default: 'dev' },
      since: { type: 'string', default: '1h' },
      level: { type: 'string', default: 'info' },
      follow: { type: 'boolean', short: 'f', default: false },
    },
  });
  const least = values.level as Level;
  if (!levels.includes(least)) {
    throw new ConfigError([`--level is ${values.level}; accepted: ${levels.join(', ')}.`]);
  }
  await reachEngine(namedEngine(values.stack));
  const show = (line: LogLine) => isAtLeast(line, least) && console.log(format(line));
  const kept: LogLine[] = [];
  await Promise.all(
    serviceNames.map(async (service) => {
      const follow = values.follow ? ['--follow'] : [];
      const container = `janus-deploy-${values.stack}-${service}`;
      const running = $({
        quiet: true,
        nothrow: true,
      })`docker logs --timestamps --since ${values.since} ${follow} ${container}`;
      const take = (text: string) => {
        const line = parseLine(service, text);
        if (line && values.follow) show(line);
        else if (line) kept.push(line);
      };
      // Both streams of a service are its log.
      await Promise.all(
        [running.stdout, running.stderr].map(async (input) => {
          for await (const text of createInterface({ input })) take(text);
        }),
      );
      const ended = await running;
      if (ended.exitCode !== 0) {
        throw new Failure(
          `The log of ${container} cannot be read (${ended.stderr.trim().split('\n').at(-1)}); does the engine answer, is stack ${values.stack} deployed, and is --since a duration such as 10m or a time?`,
        );
      }
    }),
  );
  kept.sort((a, b) => a.time.localeCompare(b.time)).forEach(show);
});

function format({ time, service, level, text }: LogLine): string {
  const colour = ({ error: 'red', warning: 'yellow', info: 'reset' } as const)[level];
  return `${styleText('dim', time.slice(0, 23))} ${styleText('cyan', service.padEnd(8))}${styleText(colour, `${level.padEnd(8)}${text}`)}`;
}
