/** A deployment's status as a person reads it. Pure. */
import { styleText } from 'node:util';
import type { ServiceStatus, Status } from './status.ts';
import type { Viewer } from './viewers.ts';

/** Columns as wide as what is in them; the first row is the head. */
export function table(rows: string[][]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row, i) => {
    const line = row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd();
    return `  ${i === 0 ? styleText('dim', line) : line}`;
  });
}

/** `2 h 5 min` of milliseconds; the two largest units. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  if (minutes > 0) return `${minutes} min`;
  return `${seconds} s`;
}

/** `1:02:03` of milliseconds, as players show a position. */
export function position(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

function serviceRow({ service, state, health, started, image, usage }: ServiceStatus, now: number): string[] {
  return [
    service,
    state === 'running' ? health : state,
    started && state === 'running' ? duration(now - Date.parse(started)) : '–',
    usage ? `${usage.processor.toFixed(1)} %` : '–',
    usage ? `${mebibytes(usage.memory)} of ${mebibytes(usage.memoryLimit)} MiB` : '–',
    image ? image.name.replace('janus-deploy/', '') : '–',
    image ? `${duration(now - Date.parse(image.built))} ago` : '–',
  ];
}

function viewerRow(viewer: Viewer): string[] {
  const { id, state, file, rendition, bitrate, lost, roundTrip, path } = viewer;
  const at = viewer.position === undefined ? '–' : position(viewer.position);
  const whole = viewer.duration === undefined ? '' : ` of ${position(viewer.duration)}`;
  return [
    String(id),
    `${file ?? '–'}${rendition === undefined ? '' : ` (${rendition} lines)`}`,
    state,
    `${at}${whole}`,
    bitrate === undefined ? '–' : `${(bitrate / 1000).toFixed(0)} kbit/s`,
    lost === undefined ? '–' : String(lost),
    roundTrip === undefined ? '–' : `${roundTrip} ms`,
    // The local end is the same for all.
    path?.split(' <-> ')[1] ?? 'not connected',
  ];
}

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** What the plugins that run were built from, and when. */
function pluginsLine({ deployment, services }: Status, now: number): string[] {
  const built = services.find(({ service }) => service === 'gateway')?.image?.built;
  if (deployment?.gatewayBuild === undefined || built === undefined) return [];
  const { plugins, sanitized } = deployment.gatewayBuild;
  const sources = Object.entries(plugins).map(([name, hash]) => `${name} of source ${hash}`);
  return [
    `  Plugins for Janus ${deployment.janus}, built ${duration(now - Date.parse(built))} ago${sanitized ? ', with sanitizers' : ''}: ${sources.join(', ')}`,
  ];
}

/** @param now milliseconds since 1970 */
export function statusText(status: Status, now: number): string {
  const { stack, deployment, services, gateway, gatewayProblem, certificate } = status;
  const last = deployment?.last;
  const paragraphs = [
    [
      `${styleText('bold', `Stack ${stack}`)}${deployment ? `  ${deployment.player}` : ''}`,
      last
        ? `  last ${last.kind} ${last.result}, ${duration(now - Date.parse(last.endTime))} ago`
        : '  deployed from elsewhere: when, and with which substitutes, is in the state there',
    ],
    table([
      ['service', 'state', 'for', 'processor', 'memory', 'image', 'built'],
      ...services.map((service) => serviceRow(service, now)),
    ]),
    gateway
      ? [
          `  Janus ${gateway.version}, ${Object.entries(gateway.plugins)
            .map(([name, version]) => `${name.replace('janus.plugin.', '')} ${version}`)
            .join(', ')}${gateway.acceptsSessions ? '' : styleText('yellow', '; takes no new sessions')}`,
          ...pluginsLine(status, now),
        ]
      : [styleText('red', `  ${gatewayProblem}`)],
    certificate
      ? [
          styleText(
            certificate.daysLeft < 14 ? 'yellow' : 'reset',
            `  Certificate for ${certificate.names.join(', ')}, ${plural(certificate.daysLeft, 'day')} left`,
          ),
        ]
      : [],
    gateway
      ? [
          `  ${plural(gateway.sessions, 'session')}, ${plural(gateway.viewers.length, 'viewer')}`,
          ...(gateway.viewers.length > 0
            ? table([
                ['viewer', 'file', 'state', 'position', 'bitrate', 'lost', 'round trip', 'address'],
                ...gateway.viewers.map(viewerRow),
              ])
            : []),
        ]
      : [],
    (deployment?.substitutions ?? []).map((sentence) => `  Note: ${sentence}.`),
  ];
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}
