/** `npm run logs`: the logs of all services in one stream and one format, or what they say of one viewer. */
import { parseArgs, styleText } from 'node:util';
import { ConfigError } from '../infra/config/config.ts';
import { readContainers } from './lib/containers.ts';
import {
  isAbout,
  isAtLeast,
  type Level,
  type LogLine,
  levels,
  parseLine,
  sessionOf,
  type ViewerIds,
} from './lib/log-lines.ts';
import { type ReadOptions, readLog } from './lib/read-log.ts';
import { namedEngine } from './lib/settings.ts';
import { reachEngine } from './lib/ssh.ts';
import { Failure, main } from './lib/steps.ts';

await main(async () => {
  const { values } = parseArgs({
    options: {
      stack: { type: 'string', default: 'dev' },
      since: { type: 'string', default: '1h' },
      level: { type: 'string', default: 'info' },
      viewer: { type: 'string' },
      follow: { type: 'boolean', short: 'f', default: false },
    },
  });
  const { stack, since, follow, viewer } = values;
  const least = values.level as Level;
  const errors = [
    ...(levels.includes(least) ? [] : [`--level is ${values.level}; accepted: ${levels.join(', ')}.`]),
    ...(viewer === undefined || /^\d+$/.test(viewer)
      ? []
      : [
          `--viewer is ${JSON.stringify(viewer)}; accepted: the number of a viewer, as \`npm run status\` shows it.`,
        ]),
  ];
  if (errors.length > 0) throw new ConfigError(errors);
  await reachEngine(namedEngine(stack));
  const name = `janus-deploy-${stack}`;
  const containers = (await readContainers(name))?.filter(({ state }) => state !== 'missing');
  if (containers === undefined) {
    throw new Failure(`Stack ${stack} is not deployed on this engine; \`npm run up\` deploys it.`);
  }
  const ids = viewer === undefined ? undefined : await idsOf(viewer, `${name}-gateway`);
  const wanted = (line: LogLine) => isAtLeast(line, least) && (!ids || isAbout(line, ids));
  const show = (line: LogLine) => console.log(format(line));
  const kept: LogLine[] = [];
  await Promise.all(
    containers.map(({ service }) =>
      readLines(service, `${name}-${service}`, { since, follow }, (line) => {
        if (!wanted(line)) return;
        if (follow) show(line);
        else kept.push(line);
      }),
    ),
  );
  if (viewer !== undefined && !follow && kept.length === 0) {
    throw new Failure(
      `No service has said anything of viewer ${viewer} since ${since}; \`npm run status\` shows who watches, --since 24h looks further back.`,
    );
  }
  kept.sort((a, b) => a.time.localeCompare(b.time)).forEach(show);
});

/** Lines in the common form. */
async function readLines(
  service: string,
  container: string,
  options: ReadOptions,
  take: (line: LogLine) => void,
): Promise<void> {
  await readLog(container, options, (text) => {
    const line = parseLine(service, text);
    if (line) take(line);
  });
}

/** What a viewer is called; the session is named where the handle is made, which may be long ago. */
async function idsOf(handle: string, gateway: string): Promise<ViewerIds> {
  let session: string | undefined;
  await readLines('gateway', gateway, { since: '1970-01-01T00:00:00Z' }, (line) => {
    session ??= sessionOf(line, handle);
  });
  return { handle, session };
}

function format({ time, service, level, text }: LogLine): string {
  const colour = ({ error: 'red', warning: 'yellow', info: 'reset' } as const)[level];
  return `${styleText('dim', time.slice(0, 23))} ${styleText('cyan', service.padEnd(10))} ${styleText(colour, `${level.padEnd(8)}${text}`)}`;
}
