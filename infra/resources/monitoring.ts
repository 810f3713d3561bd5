/** Prometheus, and Grafana where its image is there. Nobody who watches needs them: they are replaced without a trial. */
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { type MonitorName, patience, serviceUser } from '../plan/container.ts';
import type { ImagePlan } from '../plan/image.ts';
import type { Monitoring as MonitoringPlan, Plan } from '../plan/plan.ts';
import { renderGrafana, renderPrometheus } from '../render/monitoring.ts';
import { engineEnvironment } from './engine.ts';
import { Files } from './files.ts';
import { provideImage } from './image.ts';
import { lockedIn, stackLabel } from './service.ts';

export interface MonitoringArgs {
  plan: Plan;
  monitoring: MonitoringPlan;
  /** Of Prometheus. */
  image: ImagePlan;
  /** The bridge network, when there is one. */
  network?: docker.Network;
}

/** What the one has and the other has not. */
interface Particular {
  image: pulumi.Input<string>;
  port: number;
  /** MiB. */
  memory: number;
  files: Record<string, string>;
  command?: string[];
  envs?: string[];
  healthcheck: string[];
  /** Folder that is kept in a volume. */
  data: string;
}

export class Monitoring extends pulumi.ComponentResource {
  private readonly args: MonitoringArgs;

  constructor(args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super('janus-deploy:resources:Monitoring', 'monitoring', {}, opts);
    this.args = args;
    const { plan, monitoring, image } = args;
    const { prometheus, grafana } = monitoring;
    this.run('prometheus', {
      image: provideImage('prometheus-image', image, { parent: this }).imageId,
      port: prometheus.port,
      memory: 512,
      files: renderPrometheus(plan),
      command: prometheusCommand(plan, prometheus.port),
      healthcheck: ['promtool', 'query', 'instant', `http://127.0.0.1:${prometheus.port}`, '1'],
      data: '/data',
    });
    if ('image' in grafana) {
      this.run('grafana', {
        image: grafana.image,
        port: grafana.port,
        memory: 512,
        files: renderGrafana(monitoring),
        envs: grafanaSettings(plan, grafana.port),
        healthcheck: ['wget', '-q', '-O', '/dev/null', `http://127.0.0.1:${grafana.port}/api/health`],
        data: '/var/lib/grafana',
      });
    }
    this.registerOutputs();
  }

  private run(name: MonitorName, particular: Particular): void {
    const { plan } = this.args;
    const { image, port, memory, command, envs, healthcheck, data } = particular;
    const parent = { parent: this };
    const files = new Files(
      `${name}-files`,
      {
        volume: `${plan.name}-${name}-files`,
        mark: '',
        image: plan.baseImage,
        files: particular.files,
        effects: Object.fromEntries(Object.keys(particular.files).map((file) => [file, 'replace'])),
        environment: engineEnvironment(plan),
      },
      parent,
    );
    const written = files.write(parent);
    const kept = new docker.Volume(`${name}-data`, { name: `${plan.name}-${name}-data` }, parent);
    new docker.Container(
      name,
      {
        name: `${plan.name}-${name}`,
        image,
        command,
        envs,
        ...this.reachable(name, port),
        ...lockedIn,
        memory,
        memorySwap: memory,
        tmpfs: { '/tmp': `size=16m,uid=${serviceUser},gid=${serviceUser},mode=0700` },
        mounts: [
          { type: 'volume', source: files.volume, target: '/config', readOnly: true },
          { type: 'volume', source: kept.name, target: data },
        ],
        labels: [stackLabel(plan), { label: 'janus-deploy.files', value: files.hashes.replace ?? '' }],
        healthcheck: {
          tests: ['CMD', ...healthcheck],
          interval: '5s',
          timeout: '5s',
          startPeriod: '10s',
          retries: 3,
        },
        wait: true,
        waitTimeout: 2 * patience,
        mustRun: true,
        restart: 'unless-stopped',
        logDriver: 'json-file',
        logOpts: { 'max-size': '10m', 'max-file': '3' },
      },
      { parent: this, dependsOn: [written], deleteBeforeReplace: true },
    );
  }

  /** The machine's loopback alone, on whichever network. */
  private reachable(name: MonitorName, port: number): Partial<docker.ContainerArgs> {
    const { plan, network } = this.args;
    if (network === undefined || plan.network.mode === 'host') return { networkMode: 'host' };
    return {
      networksAdvanced: [{ name: network.name, ipv4Address: plan.network.addresses[name] }],
      ports: [{ internal: port, external: port, protocol: 'tcp', ip: '127.0.0.1' }],
    };
  }
}

/** On the bridge network the container's own addresses are all there are. */
const listener = ({ network }: Plan): string => (network.mode === 'host' ? '127.0.0.1' : '0.0.0.0');

const prometheusCommand = (plan: Plan, port: number): string[] => [
  '--config.file=/config/current/prometheus.yml',
  '--storage.tsdb.path=/data',
  '--storage.tsdb.retention.time=30d',
  '--storage.tsdb.retention.size=1GB',
  `--web.listen-address=${listener(plan)}:${port}`,
];

/** Whoever reaches it may look; there is nobody to log in, and it asks nobody outside for anything. */
const grafanaSettings = (plan: Plan, port: number): string[] =>
  Object.entries({
    GF_PATHS_PROVISIONING: '/config/current',
    GF_SERVER_HTTP_ADDR: listener(plan),
    GF_SERVER_HTTP_PORT: port,
    GF_AUTH_ANONYMOUS_ENABLED: true,
    GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
    GF_AUTH_DISABLE_LOGIN_FORM: true,
    GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: true,
    GF_ANALYTICS_REPORTING_ENABLED: false,
    GF_ANALYTICS_CHECK_FOR_UPDATES: false,
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: false,
    GF_NEWS_NEWS_FEED_ENABLED: false,
    GF_PLUGINS_PREINSTALL_DISABLED: true,
    GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: '/config/current/pages/janus-deploy.json',
  }).map(([name, value]) => `${name}=${value}`);
