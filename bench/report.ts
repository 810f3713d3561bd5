/** The figures as a table and as a plot. Pure. */
import type { Step } from './ladder.ts';
import { type WayName, ways } from './ways.ts';

/** Thousandths of a core that serve one viewer: the gateway and what runs beside it. */
export const costOf = (step: Step): number =>
  (step.gateway.millicores + step.helpers.millicores) / step.viewers;

const packetsPerSecond = (step: Step): number => step.packets / step.seconds;

const columns: [string, (step: Step) => string][] = [
  ['way', (step) => ways[step.way].title],
  ['viewers', (step) => String(step.viewers)],
  ['mC a viewer', (step) => costOf(step).toFixed(2)],
  ['of it the gateway', (step) => (step.gateway.millicores / step.viewers).toFixed(2)],
  ['packets/s', (step) => packetsPerSecond(step).toFixed(0)],
  ['lost', (step) => String(step.lost)],
  ['late p50 / p99, ms', (step) => `${step.lateP50.toFixed(1)} / ${step.lateP99.toFixed(1)}`],
  [
    'first packet p50 / p95, ms',
    (step) =>
      step.firstPacketP50 > 0 ? `${step.firstPacketP50.toFixed(1)} / ${step.firstPacketP95.toFixed(1)}` : '',
  ],
  ['switches a packet', (step) => (step.gateway.switches / packetsPerSecond(step)).toFixed(2)],
  ['gateway, MiB', (step) => (step.memory / 1024).toFixed(0)],
  [
    'busy: serving / receiving',
    (step) => `${percent(step.cores.serving)} / ${percent(step.cores.receiving)}`,
  ],
  ['others, cores', (step) => step.others.toFixed(2)],
  ['ended by', (step) => step.ended ?? ''],
];

const percent = (part: number): string => `${(100 * part).toFixed(0)} %`;

/** A Markdown table, a line a step. */
export function table(steps: Step[]): string {
  const lines = [
    columns.map(([title]) => title),
    columns.map(() => '---'),
    ...steps.map((step) => columns.map(([, cell]) => cell(step))),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

const size = { width: 720, height: 420, left: 56, right: 210, top: 24, bottom: 44 };
const colours: Record<WayName, string> = {
  play: '#0969da',
  films: '#54aeff',
  relay: '#57606a',
  copy: '#bf8700',
  transcode: '#cf222e',
};

/** Cost of a viewer (logarithmic) over the number of viewers (logarithmic), a line a way. */
export function plot(steps: Step[]): string {
  const costs = steps.map(costOf);
  const lowest = 10 ** Math.floor(Math.log10(Math.min(...costs)));
  const highest = 10 ** Math.ceil(Math.log10(Math.max(...costs)));
  const most = Math.max(10, ...steps.map(({ viewers }) => viewers));
  const scale = (value: number, from: number, to: number, low: number, high: number) =>
    low + ((Math.log(value) - Math.log(from)) / (Math.log(to) - Math.log(from))) * (high - low);
  const x = (viewers: number) => scale(viewers, 1, most, size.left, size.width - size.right).toFixed(1);
  const y = (cost: number) => scale(cost, lowest, highest, size.height - size.bottom, size.top).toFixed(1);

  const text = (at: [string, string], content: string, more = '') =>
    `<text x="${at[0]}" y="${at[1]}" ${more}>${content}</text>`;
  const ticks = (low: number, high: number) =>
    [1, 2, 5]
      .flatMap((digit) => Array.from({ length: 8 }, (_, power) => digit * 10 ** (power - 3)))
      .filter((tick) => tick >= low && tick <= high);
  const grid = [
    ...ticks(lowest, highest).map(
      (cost) =>
        `<line x1="${size.left}" x2="${size.width - size.right}" y1="${y(cost)}" y2="${y(cost)}" class="grid"/>` +
        text([String(size.left - 6), y(cost)], String(cost), 'class="left"'),
    ),
    ...ticks(1, most).map((viewers) =>
      text([x(viewers), String(size.height - 22)], String(viewers), 'class="below"'),
    ),
  ];
  const lines = (Object.keys(ways) as WayName[]).map((way) => {
    const own = steps.filter((step) => step.way === way);
    if (own.length === 0) return '';
    const points = own.map((step) => `${x(step.viewers)},${y(costOf(step))}`).join(' ');
    const last = own[own.length - 1];
    const label = text(
      [String(Number(x(last.viewers)) + 6), y(costOf(last))],
      ways[way].title,
      `fill="${colours[way]}"`,
    );
    return `<polyline points="${points}" stroke="${colours[way]}"/>${label}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="12">
<style>polyline{fill:none;stroke-width:2}.grid{stroke:#d0d7de}.left{text-anchor:end}.below{text-anchor:middle}text{dominant-baseline:middle}</style>
<rect width="100%" height="100%" fill="white"/>
${[...grid, ...lines].join('\n')}
${text([x(1), '12'], 'thousandths of a core a viewer')}
${text([x(Math.sqrt(most)), String(size.height - 6)], 'viewers', 'class="below"')}
</svg>
`;
}
