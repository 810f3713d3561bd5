/** What a deployment says of itself: the metrics, Prometheus that asks for them, the alerts, the dashboard. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { dashboard } from '../../infra/render/dashboard.ts';
import { ownAddresses } from '../../scripts/lib/own-addresses.ts';
import { alertTests, testedAlerts } from '../support/alerts.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { Deployment } from '../support/deployment.ts';
import { connected, playFile, stop } from '../support/player.ts';

let deployment: Deployment;
let browser: TestBrowser;
let printed: string;

beforeAll(async () => {
  deployment = await new Deployment('monitored', { maxViewers: 4, monitoring: 'true' }).prepare();
  await deployment.run('down');
  printed = await deployment.up();
  browser = await openBrowser({ certificateAuthority: deployment.authority });
});
afterAll(async () => {
  await browser?.close();
  await deployment?.remove();
});

const scrape = async (): Promise<string> =>
  (await fetch(deployment.url('metricsPort', '/metrics', 'http'))).text();

/** A sample's value; NaN for one that is not there. */
const value = (text: string, sample: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${sample} `))
      ?.slice(sample.length) ?? Number.NaN,
  );

/** Each service writes every ten seconds. */
const soon = { timeout: 40_000, interval: 1000 };

const prometheus = async (path: string) =>
  (await (await fetch(deployment.url('prometheusPort', `/api/v1/${path}`, 'http'))).json()).data;

const container = () => `janus-deploy-${deployment.stack}-prometheus`;

describe('the metrics', () => {
  it('follow what a viewer does', async () => {
    const { page, context } = await browser.newPage();
    await page.goto(deployment.url('playerPort', '/player/'));
    await connected(page);
    await playFile(page, 'sample.mp4');
    // However long it takes until the numbers are written, the film does not end.
    await page.getByTestId('loop').click();
    await expect.poll(async () => value(await scrape(), 'janus_viewers{state="going"}'), soon).toBe(1);
    await stop(page);
    await expect
      .poll(async () => value(await scrape(), 'janus_play_ended_total{how="stopped"}'), soon)
      .toBe(1);
    const text = await scrape();
    expect(value(text, 'janus_play_plays_total')).toBe(1);
    expect(value(text, 'janus_play_first_frame_seconds_count')).toBe(1);
    expect(value(text, 'janus_play_packets_total{medium="video"}')).toBeGreaterThan(20);
    expect(value(text, 'janus_play_packets_total{medium="audio"}')).toBeGreaterThan(20);
    expect(value(text, 'janus_play_lateness_seconds_count')).toBeGreaterThan(20);
    expect(value(text, 'janus_play_transcoded_packets_total')).toBeGreaterThan(0);
    for (const service of ['gateway', 'turn', 'web']) {
      expect(value(text, `service_up{service="${service}"}`)).toBe(1);
      expect(value(text, `container_cpu_seconds_total{service="${service}"}`)).toBeGreaterThan(0);
      const [used, limit] = ['memory_bytes', 'memory_limit_bytes'].map((name) =>
        value(text, `container_${name}{service="${service}"}`),
      );
      expect(used).toBeGreaterThan(2 ** 20);
      expect(used).toBeLessThan(limit);
    }
    await context.close();
  });

  it('are in the format that Prometheus asks for', async () => {
    const checked = await $({
      quiet: true,
      nothrow: true,
      input: await scrape(),
    })`docker exec --interactive ${container()} promtool check metrics`;
    expect(checked.stdout + checked.stderr).toBe('');
    expect(checked.exitCode).toBe(0);
  });

  it('say which service has stopped to speak', async () => {
    await $({ quiet: true })`docker pause janus-deploy-${deployment.stack}-turn`;
    try {
      await expect
        .poll(async () => value(await scrape(), 'service_up{service="turn"}'), { ...soon, timeout: 60_000 })
        .toBe(0);
      expect(await scrape()).not.toContain('turn_relays');
    } finally {
      await $({ quiet: true })`docker unpause janus-deploy-${deployment.stack}-turn`;
    }
  });

  it('are for this machine alone, and so is Prometheus', async () => {
    const [address] = await ownAddresses();
    const reached = (port: number) =>
      new Promise<boolean>((resolve) => {
        const socket = connect(port, address);
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
        socket.once('close', () => socket.destroy());
      });
    const { playerPort, metricsPort, prometheusPort } = deployment.ports;
    expect(await reached(playerPort)).toBe(true);
    expect(await reached(metricsPort)).toBe(false);
    expect(await reached(prometheusPort)).toBe(false);
  });
});

describe('Prometheus', () => {
  it('is looked after with the services', async () => {
    const [status, logs, doctor] = await Promise.all([
      deployment.healthyStatus(),
      deployment.run('logs'),
      deployment.run('doctor', '--json'),
    ]);
    expect(status.services.find(({ service }) => service === 'prometheus')).toMatchObject({
      state: 'running',
      health: 'healthy',
      usage: { processor: expect.any(Number) },
    });
    expect(logs.stdout).toMatch(/^\S+ prometheus +info +caller=\S+ level=info .*Server is ready/m);
    expect(doctor.stdout).toMatch(/turn, gateway, web, prometheus.* run and are healthy/);
  });

  it('reads the metrics', async () => {
    await expect
      .poll(async () => (await prometheus('targets')).activeTargets.map(health), { timeout: 30_000 })
      .toEqual(['up']);
    await expect
      .poll(async () => (await prometheus('query?query=service_up')).result.length, { timeout: 30_000 })
      .toBe(3);
  });

  it('has the alerts, each with a situation in which it fires', async () => {
    const { groups } = await prometheus('rules');
    const rules = groups.flatMap((group: { rules: { name: string; health: string }[] }) => group.rules);
    expect(rules.map(({ name }: { name: string }) => name).sort()).toEqual([...testedAlerts].sort());
    const folder = mkdtempSync(join(tmpdir(), 'janus-deploy-alerts-'));
    try {
      const current = await $({ quiet: true })`docker exec ${container()} cat /config/current/alerts.yml`;
      writeFileSync(join(folder, 'alerts.yml'), current.stdout);
      writeFileSync(join(folder, 'tests.yml'), alertTests('alerts.yml'));
      chmodSync(folder, 0o755);
      const image = await $({ quiet: true })`docker inspect --format {{.Image}} ${container()}`;
      const tested = await $({
        quiet: true,
        nothrow: true,
      })`docker run --rm --network none --volume ${folder}:/rules:ro --entrypoint promtool ${image.stdout.trim()} test rules /rules/tests.yml`;
      expect(tested.exitCode, tested.stdout + tested.stderr).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const health = (target: { health: string }): string => target.health;

describe('the dashboard', () => {
  it('asks for nothing that there is not', async () => {
    const text = await scrape();
    const there = new Set(text.split('\n').map((line) => line.split(/[{ ]/)[0]));
    const asked = dashboard()
      .panels.flatMap(({ targets }) => targets)
      .flatMap(({ expr }) => expr.match(/\b(janus|nginx|container|turn|service)_[a-z_]+\b/g) ?? []);
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((name) => !there.has(name))).toEqual([]);
    // Prometheus takes every question.
    for (const { targets } of dashboard().panels) {
      for (const { expr } of targets) {
        expect(await prometheus(`query?query=${encodeURIComponent(expr)}`), expr).toHaveProperty('result');
      }
    }
  });

  it('is announced to be missing where Grafana’s image cannot be had', async () => {
    const image = await $({ quiet: true, nothrow: true })`docker image inspect grafana/grafana:11.6.0`;
    expect(printed).toMatch(
      image.exitCode === 0 ? /Grafana\s+http:/ : /Grafana\s+not deployed: its image .* could not be pulled/,
    );
  });
});
