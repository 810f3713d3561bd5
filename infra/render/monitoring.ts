/** What Prometheus asks for and warns of, and where Grafana finds it. Pure. */
import type { Endpoint, Monitoring, Plan } from '../plan/plan.ts';
import { dashboard } from './dashboard.ts';

const address = ({ host, port }: Endpoint): string => `${host}:${port}`;

/** Texts of Prometheus' files, by name. */
export const renderPrometheus = (plan: Plan): Record<string, string> => ({
  'prometheus.yml': `global:
  scrape_interval: 15s
  evaluation_interval: 15s
rule_files: [/config/current/alerts.yml]
scrape_configs:
  - job_name: janus-deploy
    static_configs:
      - targets: ['${address(plan.metrics)}']
        labels: { stack: '${plan.name}' }
`,
  'alerts.yml': renderAlerts(plan),
});

interface Alert {
  name: string;
  expression: string;
  /** How long it has to hold. */
  for: string;
  severity: 'critical' | 'warning';
  /** What is wrong, and what to do. */
  summary: string;
}

/** Each is something that a viewer notices, or will. */
const alerts = ({ maxViewers }: Plan): Alert[] => [
  {
    name: 'MetricsGone',
    expression: 'up{job="janus-deploy"} == 0',
    for: '1m',
    severity: 'critical',
    summary: 'The web server gives out no metrics, so it probably serves nobody: see npm run status.',
  },
  {
    name: 'ServiceDown',
    expression: 'service_up == 0',
    for: '1m',
    severity: 'critical',
    summary: 'Service {{ $labels.service }} has said nothing for a minute and a half: see npm run status.',
  },
  {
    name: 'NearlyFull',
    expression: `sum(janus_viewers{state!="ready"}) >= ${Math.ceil(0.9 * maxViewers)}`,
    for: '5m',
    severity: 'warning',
    summary: `{{ $value }} of ${maxViewers} viewers (maxViewers) watch: soon some will be refused.`,
  },
  {
    name: 'ViewersRefused',
    expression: 'increase(janus_play_refused_total{why="full"}[5m]) > 0',
    for: '0m',
    severity: 'warning',
    summary: `Viewers were refused, as ${maxViewers} (maxViewers) watched already.`,
  },
  {
    name: 'PlaysFail',
    expression: 'increase(janus_play_ended_total{how="failed"}[15m]) > 0',
    for: '0m',
    severity: 'warning',
    summary: 'Plays ended early, as their file could not be read any further: see npm run logs.',
  },
  {
    name: 'PacketsLate',
    expression: 'histogram_quantile(0.99, sum by (le) (rate(janus_play_lateness_seconds_bucket[5m]))) > 0.02',
    for: '5m',
    severity: 'warning',
    summary: 'One packet in a hundred is more than 20 ms late: the machine is too busy for its viewers.',
  },
  {
    name: 'SlowStart',
    expression:
      'histogram_quantile(0.95, sum by (le) (rate(janus_play_first_frame_seconds_bucket[15m]))) > 2.5',
    for: '5m',
    severity: 'warning',
    summary: 'One play in twenty takes more than 2.5 s to begin: the disk or the processor is too slow.',
  },
  {
    name: 'ManyPacketsLost',
    expression: 'rate(janus_nacks_total[5m]) > 0.05 * sum(rate(janus_play_packets_total[5m]))',
    for: '5m',
    severity: 'warning',
    summary: 'Viewers ask for more than one packet in twenty again: see which ones by npm run status.',
  },
  {
    name: 'MemoryShort',
    expression: 'container_memory_bytes > 0.9 * container_memory_limit_bytes',
    for: '5m',
    severity: 'critical',
    summary: 'Service {{ $labels.service }} has a tenth of its memory left, and is ended when it has none.',
  },
];

function renderAlerts(plan: Plan): string {
  const rules = alerts(plan).map(
    ({ name, expression, for: held, severity, summary }) => `      - alert: ${name}
        expr: ${expression}
        for: ${held}
        labels: { severity: ${severity} }
        annotations:
          summary: '${summary}'
`,
  );
  return `groups:\n  - name: janus-deploy\n    rules:\n${rules.join('')}`;
}

/** Texts of Grafana's files: where it finds Prometheus, and the dashboard. */
export const renderGrafana = ({ prometheus }: Monitoring): Record<string, string> => ({
  'datasources/prometheus.yml': `apiVersion: 1
datasources:
  - name: Prometheus
    uid: prometheus
    type: prometheus
    access: proxy
    url: http://${address(prometheus)}
    isDefault: true
`,
  'dashboards/janus-deploy.yml': `apiVersion: 1
providers:
  - name: janus-deploy
    type: file
    allowUiUpdates: false
    options: { path: /config/current/pages }
`,
  'pages/janus-deploy.json': JSON.stringify(dashboard(), null, 2),
});
