import type { Dashboard } from '@grafana/schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makePlan } from '../../infra/plan/plan.ts';
import { dashboard } from '../../infra/render/dashboard.ts';
import { renderGrafana, renderPrometheus } from '../../infra/render/monitoring.ts';
import { renderNginx } from '../../infra/render/web.ts';
import { testedAlerts } from '../support/alerts.ts';
import { configOf, linux, official } from '../support/facts.ts';

const plan = (values: Record<string, string> = {}, build = official) =>
  makePlan('dev', configOf(values), linux, build);

describe('the metrics', () => {
  it('are served on loopback, or on the bridge network’s own address, and not published', () => {
    expect(renderNginx(plan())).toContain('listen 127.0.0.1:9464;');
    const bridged = plan({ network: 'bridge', metricsPort: '9500' });
    expect(bridged.network).toHaveProperty('addresses.web', bridged.metrics.host);
    expect(renderNginx(bridged)).toContain(`listen ${bridged.metrics.host}:9500;`);
    expect(bridged.published.web.map(({ port }) => port)).not.toContain(9500);
  });
});

describe('monitoring', () => {
  it('is not deployed unless it is asked for', () => {
    expect(plan().monitoring).toBeUndefined();
    expect(plan({ monitoring: 'true' }).monitoring?.prometheus).toEqual({ host: '127.0.0.1', port: 9090 });
  });

  it('does without Grafana where its image is not there, and says why', () => {
    const build = { ...official, grafana: { why: 'its image could not be pulled' } };
    expect(plan({ monitoring: 'true' }, build).monitoring?.grafana).toEqual(build.grafana);
  });

  it('asks the web server, on whichever network, and warns of what was tested', () => {
    const bridged = plan({ monitoring: 'true', network: 'bridge' });
    const files = renderPrometheus(bridged);
    expect(parse(files['prometheus.yml']).scrape_configs[0].static_configs[0].targets).toEqual([
      `${bridged.metrics.host}:9464`,
    ]);
    const [{ rules }] = parse(files['alerts.yml']).groups;
    expect(rules.map(({ alert }: { alert: string }) => alert).sort()).toEqual([...testedAlerts].sort());
  });
});

describe('the dashboard', () => {
  it('is of Grafana’s schema', () => {
    // The compiler compares it.
    const checked: Dashboard = dashboard();
    const panels = checked.panels ?? [];
    expect(new Set(panels.map((panel) => 'id' in panel && panel.id)).size).toBe(panels.length);
  });

  it('is found by Grafana, with Prometheus', () => {
    const { monitoring } = plan({ monitoring: 'true' });
    const files = monitoring && renderGrafana(monitoring);
    expect(parse(files?.['datasources/prometheus.yml'] ?? '').datasources[0]).toMatchObject({
      uid: dashboard().panels[0].datasource.uid,
      url: 'http://127.0.0.1:9090',
    });
    const { options } = parse(files?.['dashboards/janus-deploy.yml'] ?? '').providers[0];
    expect(Object.keys(files ?? {})).toContain(
      `${options.path.replace('/config/current/', '')}/janus-deploy.json`,
    );
  });
});
