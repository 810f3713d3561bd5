/** Grafana's page of a deployment. Pure. */

/** One line or more in a panel. */
interface Query {
  expr: string;
  legend: string;
}

interface Panel {
  title: string;
  /** As Grafana calls it: `short`, `s`, `bps`, `bytes`, `pps`, `percentunit`. */
  unit: string;
  queries: Query[];
}

const quantiles = (metric: string): Query[] =>
  [0.5, 0.95, 0.99].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (le) (rate(${metric}_bucket[5m])))`,
    legend: `${100 * quantile} %`,
  }));

const panels: Panel[] = [
  {
    title: 'Viewers',
    unit: 'short',
    queries: [
      { expr: 'janus_viewers', legend: '{{state}}' },
      { expr: 'janus_sessions', legend: 'sessions' },
    ],
  },
  {
    title: 'Plays',
    unit: 'short',
    queries: [
      { expr: 'increase(janus_play_plays_total[5m])', legend: 'began in 5 minutes' },
      { expr: 'increase(janus_play_ended_total{how="failed"}[5m])', legend: 'failed' },
      { expr: 'sum by (why) (increase(janus_play_refused_total[5m]))', legend: 'refused: {{why}}' },
    ],
  },
  {
    title: 'From play to the first picture',
    unit: 's',
    queries: quantiles('janus_play_first_frame_seconds'),
  },
  { title: 'Lateness of the pacer', unit: 's', queries: quantiles('janus_play_lateness_seconds') },
  {
    title: 'Media sent',
    unit: 'bps',
    queries: [{ expr: '8 * rate(janus_play_bytes_total[1m])', legend: '{{medium}}' }],
  },
  {
    title: 'Packets',
    unit: 'pps',
    queries: [
      { expr: 'rate(janus_play_packets_total[1m])', legend: '{{medium}}' },
      { expr: 'rate(janus_nacks_total[1m])', legend: 'asked for again (NACK)' },
      { expr: 'rate(janus_play_key_frame_requests_total[1m])', legend: 'key frames asked for (PLI, FIR)' },
      { expr: 'rate(janus_play_switches_total[1m])', legend: 'switches to a {{to}} rendition' },
    ],
  },
  {
    title: 'Files',
    unit: 'short',
    queries: [
      { expr: 'janus_play_assets', legend: 'in memory' },
      { expr: 'increase(janus_play_asset_opens_total[5m])', legend: 'opened in 5 minutes, index {{index}}' },
    ],
  },
  {
    title: 'Sound',
    unit: 'short',
    queries: [
      { expr: 'rate(janus_play_transcoding_seconds_total[1m])', legend: 'processors that transcode' },
      { expr: '0.02 * rate(janus_play_transcoded_packets_total[1m])', legend: 'seconds made in a second' },
      { expr: 'increase(janus_play_audio_cache_total[5m])', legend: 'in the cache: {{found}}' },
    ],
  },
  {
    title: 'Processors',
    unit: 'short',
    queries: [{ expr: 'rate(container_cpu_seconds_total[1m])', legend: '{{service}}' }],
  },
  {
    title: 'Memory, of its limit',
    unit: 'percentunit',
    queries: [{ expr: 'container_memory_bytes / container_memory_limit_bytes', legend: '{{service}}' }],
  },
  {
    title: 'Web server',
    unit: 'short',
    queries: [
      { expr: 'sum(nginx_connections)', legend: 'connections' },
      { expr: 'rate(nginx_requests_total[1m])', legend: 'requests in a second' },
      { expr: 'rate(nginx_connections_dropped_total[1m])', legend: 'connections dropped in a second' },
    ],
  },
  {
    title: 'TURN server',
    unit: 'short',
    queries: [
      { expr: 'turn_relays', legend: 'relays' },
      { expr: 'turn_dropped_packets', legend: 'packets dropped' },
    ],
  },
];

const [columns, width, height] = [2, 12, 8];
const datasource = { type: 'prometheus', uid: 'prometheus' };

export const dashboard = () => ({
  uid: 'janus-deploy',
  title: 'janus-deploy',
  schemaVersion: 39,
  editable: false,
  refresh: '15s',
  time: { from: 'now-1h', to: 'now' },
  panels: panels.map(({ title, unit, queries }, index) => ({
    id: index + 1,
    type: 'timeseries',
    title,
    datasource,
    gridPos: {
      x: width * (index % columns),
      y: height * Math.floor(index / columns),
      w: width,
      h: height,
    },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' } },
    targets: queries.map(({ expr, legend }, number) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + number),
      datasource,
      expr,
      legendFormat: legend,
    })),
  })),
});
