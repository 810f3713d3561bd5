/** Situations for the alert rules, as `promtool test rules` reads them: in each, these alerts fire and no others. */
import { stringify } from 'yaml';

/** Samples of each series, one every 15 s, in promtool's notation. */
interface Situation {
  series: Record<string, string>;
  fires: string[];
}

/** Of a deployment with maxViewers: 4, in which all is well. */
const well: Situation['series'] = {
  'up{job="janus-deploy"}': '1x80',
  'service_up{service="gateway"}': '1x80',
  'janus_viewers{state="going"}': '3x80',
  'janus_viewers{state="ready"}': '9x80',
  'janus_play_refused_total{why="full"}': '0x80',
  'janus_play_ended_total{how="failed"}': '2x80',
  'janus_play_lateness_seconds_bucket{le="0.01"}': '0+1500x80',
  'janus_play_lateness_seconds_bucket{le="0.025"}': '0+1510x80',
  'janus_play_lateness_seconds_bucket{le="+Inf"}': '0+1510x80',
  'janus_play_first_frame_seconds_bucket{le="0.5"}': '0+2x80',
  'janus_play_first_frame_seconds_bucket{le="5"}': '0+2x80',
  'janus_play_first_frame_seconds_bucket{le="+Inf"}': '0+2x80',
  janus_nacks_total: '0+10x80',
  'janus_play_packets_total{medium="video"}': '0+1000x80',
  'janus_play_packets_total{medium="audio"}': '0+500x80',
  'container_memory_bytes{service="gateway"}': '100x80',
  'container_memory_limit_bytes{service="gateway"}': '200x80',
};

/** What goes wrong after five minutes; at the end, after 20, it still is. */
const situations: Situation[] = [
  { series: {}, fires: [] },
  { series: { 'up{job="janus-deploy"}': '1x20 0x60' }, fires: ['MetricsGone'] },
  { series: { 'service_up{service="gateway"}': '1x20 0x60' }, fires: ['ServiceDown'] },
  { series: { 'janus_viewers{state="going"}': '3x20 4x60' }, fires: ['NearlyFull'] },
  { series: { 'janus_play_refused_total{why="full"}': '0x70 3x10' }, fires: ['ViewersRefused'] },
  { series: { 'janus_play_ended_total{how="failed"}': '2x40 3x40' }, fires: ['PlaysFail'] },
  { series: { 'janus_play_lateness_seconds_bucket{le="0.01"}': '0+1000x80' }, fires: ['PacketsLate'] },
  { series: { 'janus_play_first_frame_seconds_bucket{le="0.5"}': '0+1x80' }, fires: ['SlowStart'] },
  { series: { janus_nacks_total: '0+100x80' }, fires: ['ManyPacketsLost'] },
  { series: { 'container_memory_bytes{service="gateway"}': '100x20 190x60' }, fires: ['MemoryShort'] },
];

/** Of a test file; `rules` is the path of the rules from there. */
export const alertTests = (rules: string): string =>
  stringify({
    rule_files: [rules],
    evaluation_interval: '15s',
    tests: situations.map(({ series, fires }) => ({
      interval: '15s',
      input_series: Object.entries({ ...well, ...series }).map(([name, values]) => ({
        series: name,
        values,
      })),
      promql_expr_test: [
        {
          expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
          eval_time: '20m',
          exp_samples: fires.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
        },
      ],
    })),
  });

/** Every alert that some situation has fire. */
export const testedAlerts = situations.flatMap(({ fires }) => fires);
