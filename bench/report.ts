/** The figures as a table and as a plot. Pure. */
import type { Cycles } from './cycles.ts';
import type { Figures } from './figures.ts';
import type { Step } from './ladder.ts';
import type { Unopened } from './unopened.ts';
import { differentFilms, type WayName, ways } from './ways.ts';

/** Thousandths of a core that serve one viewer: the gateway and what runs beside it. */
export const costOf = (step: Step): number =>
  (step.gateway.millicores + step.helpers.millicores) / step.viewers;

const packetsPerSecond = (step: Step): number => step.packets / step.seconds;

const columns: [string, (step: Step) => string][] = [
  ['way', (step) => ways[step.way].title],
  ['viewers', (step) => String(step.viewers)],
  ['films', (step) => String(step.films ?? '')],
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
  [
    'seek p50 / p95, ms',
    (step) => (step.seekP50 === undefined ? '' : `${step.seekP50.toFixed(1)} / ${step.seekP95?.toFixed(1)}`),
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

const markdown = ([titles, ...lines]: string[][]): string =>
  [titles, titles.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |\n`).join('');

/** A Markdown table, a line a step. */
export const table = (steps: Step[]): string =>
  markdown([columns.map(([title]) => title), ...steps.map((step) => columns.map(([, cell]) => cell(step)))]);

const left = ({ threads, descriptors }: Cycles): string =>
  [threads, descriptors].map(([before, after]) => after - before).join('; ');

/** All that was measured. */
export interface Measured {
  steps: Step[];
  figures?: Figures;
  cycles?: Cycles;
  unopened?: Unopened;
}

/** The figures that have an aim, with it, as a Markdown table; what was not measured is left out. */
export function aims({ steps, figures, cycles, unopened }: Measured): string {
  const at = (way: WayName, viewers: number, films?: number) =>
    steps.find((s) => s.way === way && s.viewers === viewers && (films === undefined || s.films === films));
  const [play, films, relay] = [at('play', 100), at('films', 100, 100), at('relay', 100)];
  const ratio = (one?: Step, other?: Step) => one && other && (costOf(one) / costOf(other)).toFixed(2);
  const against = (way: WayName) => {
    // A full processor gives each less than it needs.
    const last = steps.filter((step) => step.way === way && step.cores.serving < 0.95).at(-1);
    const ours = last && at('play', last.viewers);
    return ours && `1/${(costOf(last) / costOf(ours)).toFixed(1)} (${last.viewers} viewers)`;
  };
  const smooth = steps.filter((step) => step.way === 'play' && step.lost === 0 && step.lateP99 < 50);
  const growth = (way: WayName) => {
    const [some, more] = [at(way, 50), at(way, 100)];
    return some && more && (more.memory - some.memory) / 50;
  };
  const [grown, floor] = [growth('play'), growth('relay')];
  const list = (...values: (number | undefined)[]) =>
    values.includes(undefined) ? undefined : values.map((value) => value?.toFixed(2)).join('; ');
  const rows: [string, string, string | undefined][] = [
    ['100 viewers of one film, against the relay of the same packets', '1.10', ratio(play, relay)],
    ['100 viewers of 100 films, against the relay', '1.25', ratio(films, relay)],
    ['against one ffmpeg a viewer, audio transcoded', '1/10', against('transcode')],
    ['against one ffmpeg a viewer, audio copied', '1/5', against('copy')],
    [
      'viewers on one core without loss, p99 of lateness below 50 ms',
      '400',
      smooth.at(-1) && String(smooth.at(-1)?.viewers),
    ],
    ['deviation at the hand-over, starts spread, p99, ms', '0.3', figures?.pacing.spread.p99.toFixed(2)],
    ['deviation at the hand-over, all in phase, p99, ms', '', figures?.pacing.inPhase.p99.toFixed(2)],
    ['lateness on the wire, 100 viewers, p99, ms', '2', play?.lateP99.toFixed(2)],
    ['ctrl.play to the first packet, p50, ms', '10', play?.firstPacketP50.toFixed(1)],
    ['ctrl.seek to the first packet, p50, ms', '3', play?.seekP50?.toFixed(1)],
    ['first sound at 1:50:00 of a film never opened, p95, ms', '300', unopened?.sound.p95.toFixed(0)],
    ['first picture there, p95, ms', '', unopened?.picture.p95.toFixed(0)],
    [
      'memory of a further viewer beside what one of the relay takes, kB',
      '16',
      grown === undefined || floor === undefined ? undefined : (1.024 * (grown - floor)).toFixed(0),
    ],
    [
      'memory of a further viewer in the plugin alone, kB',
      '16',
      figures && (figures.memory / 1000).toFixed(1),
    ],
    [
      'opening a two-hour film, first time; while it is played; after all have left, ms',
      '150; 1; 1',
      list(figures?.open.first, figures?.open.whilePlayed, figures?.open.afterClosed),
    ],
    [
      'probing 1,000 files, first time; again, ms',
      '2000; 50',
      list(figures?.probe.first, figures?.probe.again),
    ],
    ['memory that a viewer leaves behind, the latter half of 500, bytes', '1000', cycles?.growth.toFixed(0)],
    ['threads; descriptors that the latter half leaves behind', '0; 0', cycles && left(cycles)],
    ['instructions of the plugin for a packet', '', figures?.instructions?.toFixed(0)],
  ];
  return markdown([
    ['figure', 'aim, at most', 'measured'],
    ...rows.flatMap(([figure, aim, value]) => (value === undefined ? [] : [[figure, aim, value]])),
  ]);
}

const size = { width: 720, height: 420, left: 56, right: 250, top: 24, bottom: 44 };
const colours: Record<WayName, string> = {
  play: '#0969da',
  films: '#54aeff',
  relay: '#57606a',
  copy: '#bf8700',
  transcode: '#cf222e',
};

/** Pixels that labels are apart at least. */
const labelHeight = 15;

/**
 * Cost of a viewer (logarithmic) over the number of viewers (logarithmic), a line a way; for different films it is over
 * the number of films that 100 viewers watch.
 */
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
  const lines = (Object.keys(ways) as WayName[]).flatMap((way) => {
    const own = steps.filter(
      (step) => step.way === way && (way !== 'films' || step.viewers === differentFilms),
    );
    if (own.length === 0) return [];
    const at = ({ viewers, films }: Step) => x(way === 'films' ? (films ?? viewers) : viewers);
    const points = own.map((step) => `${at(step)},${y(costOf(step))}`).join(' ');
    const last = own[own.length - 1];
    return [{ way, points, end: Number(y(costOf(last))), dashed: way === 'films' }];
  });
  // Beside the plot, as high as their lines end or a little lower.
  let free = 0;
  const labelled = lines
    .toSorted((a, b) => a.end - b.end)
    .map(({ way, points, end, dashed }) => {
      const height = Math.max(free, end);
      free = height + labelHeight;
      const title = dashed ? `${differentFilms} viewers, by the number of films` : ways[way].title;
      const place: [string, string] = [String(size.width - size.right + 8), height.toFixed(1)];
      return (
        `<polyline points="${points}" stroke="${colours[way]}"${dashed ? ' stroke-dasharray="5 3"' : ''}/>` +
        text(place, title, `fill="${colours[way]}"`)
      );
    });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="12">
<title>What a viewer costs over the number of viewers, and of films</title>
<style>polyline{fill:none;stroke-width:2}.grid{stroke:#d0d7de}.left{text-anchor:end}.below{text-anchor:middle}text{dominant-baseline:middle}</style>
<rect width="100%" height="100%" fill="white"/>
${[...grid, ...labelled].join('\n')}
${text([x(1), '12'], 'thousandths of a core a viewer')}
${text([x(Math.sqrt(most)), String(size.height - 6)], 'viewers, or films', 'class="below"')}
</svg>
`;
}
