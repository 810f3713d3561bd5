/** Every finding of `npm run doctor`, from facts. */
import { describe, expect, it } from 'vitest';
import { makePlan } from '../../infra/plan/plan.ts';
import { profiles } from '../../infra/plan/profiles.ts';
import { addressFindings, stunFindings } from '../../scripts/lib/doctor/address.ts';
import { type CertificateFacts, certificateFindings } from '../../scripts/lib/doctor/certificate.ts';
import { clockFindings } from '../../scripts/lib/doctor/clock.ts';
import { diskFindings } from '../../scripts/lib/doctor/disk.ts';
import {
  type Finding,
  fromSentence,
  reportSchema,
  sentence,
  worst,
} from '../../scripts/lib/doctor/finding.ts';
import { firewallFindings } from '../../scripts/lib/doctor/firewall.ts';
import { imageFindings } from '../../scripts/lib/doctor/images.ts';
import { engineFindings, type MachineFacts, machineFindings } from '../../scripts/lib/doctor/machine.ts';
import { nameFinding } from '../../scripts/lib/doctor/names.ts';
import { type PlaybackFacts, playbackFindings } from '../../scripts/lib/doctor/playback.ts';
import { type Listener, portFindings } from '../../scripts/lib/doctor/ports.ts';
import {
  answerFindings,
  type ContainerFacts,
  containerFindings,
  gatewayFindings,
  readGatewayInfo,
  type ServiceAnswer,
} from '../../scripts/lib/doctor/services.ts';
import { turnFindings } from '../../scripts/lib/doctor/turn.ts';
import { parseTurnUrl } from '../../scripts/lib/relays.ts';
import { configOf, linux, official } from '../support/facts.ts';

const planOf = (values: Record<string, string> = {}, engine = linux) =>
  makePlan('test', configOf(values), engine, official);
const plan = planOf();
const bridge = planOf({ network: 'bridge' });

/** What is not right, as `severity: what`; every such finding also says why it matters and what to do. */
function troubles(findings: Finding[]): string[] {
  return findings
    .filter(({ severity }) => severity === 'warning' || severity === 'error')
    .map(({ severity, what, why, remedy }) => {
      expect([why, remedy], what).toEqual([expect.stringMatching(/\w/), expect.stringMatching(/\w/)]);
      return `${severity}: ${what}`;
    });
}

const says = (...texts: (string | RegExp)[]) => texts.map((text) => expect.stringMatching(text));

describe('findings', () => {
  it('are as bad as the worst of them', () => {
    const of = (severity: Finding['severity']): Finding => ({ subject: 'disk', severity, what: '' });
    expect(worst([])).toBe('ok');
    expect(worst([of('ok'), of('unknown')])).toBe('unknown');
    expect(worst([of('warning'), of('error'), of('ok')])).toBe('error');
  });

  it('are one sentence for who only has to put them right, and made from one', () => {
    const text = 'local.env line 2: a is "b"; c; set it to d.';
    const finding = fromSentence('configuration', text, 'why');
    expect(finding).toMatchObject({ what: 'local.env line 2: a is "b"; c', remedy: 'set it to d' });
    expect(sentence(finding)).toBe(text);
    expect(fromSentence('configuration', 'No advice.', 'why')).toMatchObject({ what: 'No advice.' });
  });

  it('make a report of the documented form', () => {
    const report = {
      stack: 'dev',
      time: new Date(0).toISOString(),
      deployed: true,
      severity: 'error',
      findings: [{ subject: 'disk', severity: 'error', what: 'full', why: 'it fails', remedy: 'free some' }],
    };
    expect(reportSchema.parse(report)).toEqual(report);
    expect(reportSchema.safeParse({ ...report, severity: 'bad' }).success).toBe(false);
  });
});

describe('engine and machine', () => {
  const machine: MachineFacts = {
    kernel: '6.1.0',
    buffers: { receive: 212_992, send: 212_992 },
    udp: { received: 1e6, receiveDropped: 10, sent: 1e6, sendDropped: 0 },
    openFiles: 1_048_576,
    corePattern: 'core',
  };
  const found = (change: Partial<MachineFacts>, on = plan, proxy: boolean | undefined = true) =>
    troubles(machineFindings({ ...machine, ...change }, on, proxy));

  it('are right as most have them', () => {
    expect(troubles(engineFindings(linux, plan))).toEqual([]);
    expect(found({})).toEqual([]);
  });

  it('an engine that is too old', () => {
    expect(troubles(engineFindings({ ...linux, version: '19.3.15' }, plan))).toEqual(
      says(/^error: The engine is Docker 19\.3\.15; accepted: 20\.10 or newer/),
    );
    expect(troubles(engineFindings({ ...linux, version: '28.0.1' }, plan))).toEqual([]);
  });

  it('less memory than the services may take', () => {
    expect(troubles(engineFindings({ ...linux, memory: 2 ** 30 }, plan))).toEqual(
      says(/^warning: The services may take 1104 MiB of memory together, and the engine has 1024 MiB/),
    );
  });

  it('small UDP buffers', () => {
    expect(found({ buffers: { receive: 106_496, send: 212_992 } })).toEqual(
      says(/^warning: The receive buffer of a UDP socket is 104 KiB \(net\.core\.rmem_default\)/),
    );
    expect(found({ buffers: { receive: 212_992, send: 4096 } })).toEqual(says(/send .*wmem_default/));
  });

  it('UDP packets that found no room, unless there were few', () => {
    const udp = { received: 1e6, receiveDropped: 2e4, sent: 1e6, sendDropped: 0 };
    expect(found({ udp })).toEqual(says(/^warning: 20000 of 1020000 UDP packets received \(2\.0 %\)/));
    expect(found({ udp: { ...udp, received: 1000 } })).toEqual([]);
    expect(found({ udp: { ...udp, receiveDropped: 0, sendDropped: 5000 } })).toEqual(says(/packets sent/));
  });

  it('too few open files', () => {
    expect(found({ openFiles: 1024 })).toEqual(
      says(/^error: A process in a container may have 1024 files open; 20 viewers need 1264/),
    );
  });

  it('core dumps that are asked for and do not come', () => {
    const dumping = planOf({ coreDumps: 'true' });
    expect(found({ corePattern: 'core.%p' }, dumping)).toEqual([]);
    expect(found({ corePattern: '|/usr/share/apport/apport %p' })).toEqual([]);
    expect(found({ corePattern: '|/usr/share/apport/apport %p' }, dumping)).toEqual(
      says(/^warning: The kernel writes core dumps to "\|.*apport %p" \(kernel\.core_pattern\)/),
    );
    expect(found({ corePattern: '/var/crash/core' }, dumping)).toEqual(says(/"\/var\/crash\/core"/));
  });

  it('a process for each published port', () => {
    const wide = planOf({ network: 'bridge', maxViewers: '60' });
    expect(found({}, wide, true)).toEqual(says(/^warning: The engine starts a process for each of the 9\d /));
    expect(found({}, wide, false)).toEqual([]);
    expect(found({}, bridge, true)).toEqual([]);
    expect(machineFindings(machine, wide, undefined)).toContainEqual(
      expect.objectContaining({ severity: 'unknown' }),
    );
  });
});

describe('disk and clock', () => {
  it('a disk with too little room, and one that cannot be looked at', () => {
    expect(
      troubles(
        diskFindings([
          { folder: '/var/lib/docker', free: 2999, needed: 3000 },
          { folder: '/root', free: 200, needed: 200 },
          { folder: '/far', free: undefined, needed: 200 },
        ]),
      ),
    ).toEqual(['error: The disk of /var/lib/docker has 2999 MiB left; accepted: 3000 or more']);
  });

  it('clocks that differ', () => {
    const network = { server: 'time.example', ahead: 0.4 };
    expect(troubles(clockFindings({ engine: -0.9, network }))).toEqual([]);
    expect(troubles(clockFindings({ engine: -95, network: { ...network, ahead: 7200 } }))).toEqual([
      'warning: The engine’s machine is 95 s behind this machine',
      'error: This machine is 7200 s ahead of time.example',
    ]);
    expect(clockFindings({ engine: 0 })).toContainEqual(expect.objectContaining({ severity: 'unknown' }));
  });
});

describe('ports', () => {
  const listener = (change: Partial<Listener>): Listener => ({
    protocol: 'tcp',
    port: 8443,
    pid: 7,
    owner: 'nginx (process 7)',
    ...change,
  });

  it('that another program has', () => {
    expect(troubles(portFindings(plan, [listener({})]))).toEqual([
      'error: TCP port 8443 (player) is taken by nginx (process 7)',
    ]);
    expect(
      troubles(portFindings(plan, [listener({ container: 'other-web', owner: 'container other-web' })])),
    ).toEqual(says(/taken by container other-web/));
  });

  it('that are free, or this deployment’s', () => {
    expect(
      troubles(portFindings(plan, [listener({ container: 'renamed', stack: 'janus-deploy-test' })])),
    ).toEqual([]);
    expect(troubles(portFindings(plan, [listener({ protocol: 'udp' }), listener({ port: 22 })]))).toEqual([]);
    expect(troubles(portFindings(bridge, [listener({ container: 'on a bridge network' })]))).toEqual([]);
  });

  it('that cannot be asked for', () => {
    expect(portFindings(plan, [])).toEqual([expect.objectContaining({ severity: 'unknown' })]);
  });
});

describe('firewall', () => {
  const rules = (...lines: string[]) => ({
    rules: ['*nat', ':INPUT DROP [0:0]', 'COMMIT', '*filter', ...lines, 'COMMIT'].join('\n'),
  });
  const found = (on: typeof plan, ...lines: string[]) => troubles(firewallFindings(on, rules(...lines)));
  const usual = [
    '-A INPUT -i lo -j ACCEPT',
    '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
  ];
  const opened = [
    '-A INPUT -p tcp -m multiport --dports 8443,8444,8088,8089,5349,3478 -j ACCEPT',
    '-A INPUT -p udp -m udp --dport 3478 -j ACCEPT',
    '-A INPUT -p udp -m udp --dport 20000:20499 -m comment --comment "media, RTP" -j ACCEPT',
  ];

  it('without rules, or with the ports open', () => {
    expect(found(plan, ':INPUT ACCEPT [0:0]')).toEqual([]);
    expect(found(plan, ':INPUT DROP [0:0]', ...usual, ...opened)).toEqual([]);
  });

  it('that drops what no rule accepts', () => {
    const dropped = found(plan, ':INPUT DROP [0:0]', ...usual, ...opened.slice(0, 2));
    expect(dropped).toEqual(['error: The firewall drops UDP ports 20000-20499 (RTP): policy of INPUT']);
    expect(found(plan, ':INPUT DROP [0:0]', ...usual)).toHaveLength(8);
  });

  it('that accepts a part of the media ports', () => {
    const part = '-A INPUT -p udp -m udp --dport 20000:20099 -j ACCEPT';
    expect(found(plan, ':INPUT DROP [0:0]', ...opened.slice(0, 2), part)).toEqual(says(/20000-20499/));
  });

  it('that rejects by a rule, in a chain of its own', () => {
    expect(
      found(
        plan,
        ':INPUT ACCEPT [0:0]',
        ':own - [0:0]',
        '-A INPUT -j own',
        '-A own -p tcp -m tcp --dport 8443 -j RETURN',
        '-A own -p tcp -m tcp --dport 8440:8449 -j REJECT --reject-with icmp-port-unreachable',
      ),
    ).toEqual(says(/TCP port 8444 \(demos\): -A own .*REJECT/));
  });

  it('as ufw writes it', () => {
    const ufw = [
      ':INPUT DROP [0:0]',
      ':ufw-before-input - [0:0]',
      ':ufw-not-local - [0:0]',
      ':ufw-user-input - [0:0]',
      '-A INPUT -j ufw-before-input',
      '-A ufw-before-input -m conntrack --ctstate INVALID -j DROP',
      '-A ufw-before-input -j ufw-not-local',
      '-A ufw-before-input -j ufw-user-input',
      '-A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN',
      '-A ufw-not-local -m limit --limit 3/min --limit-burst 10 -j LOG',
      '-A ufw-not-local -j DROP',
      ...opened.map((line) => line.replace('INPUT', 'ufw-user-input')),
    ];
    expect(found(plan, ...ufw)).toEqual([]);
  });

  it('that lets in some addresses alone does not let in viewers', () => {
    expect(found(plan, ':INPUT DROP [0:0]', '-A INPUT -s 10.0.0.0/8 -j ACCEPT')).toHaveLength(8);
  });

  it('before published ports is the operator’s own chain', () => {
    expect(found(bridge, ':INPUT DROP [0:0]', ':DOCKER-USER - [0:0]', '-A DOCKER-USER -j RETURN')).toEqual(
      [],
    );
    expect(
      found(bridge, ':INPUT ACCEPT [0:0]', ':DOCKER-USER - [0:0]', '-A DOCKER-USER -p udp -j DROP'),
    ).toEqual(says(/UDP port 3478/, /UDP ports 20000-20034/));
  });

  it('that cannot be read', () => {
    expect(firewallFindings(plan, { unknown: 'only root may read it' })).toEqual([
      expect.objectContaining({ severity: 'unknown', what: expect.stringContaining('only root') }),
    ]);
  });
});

describe('address and name', () => {
  it('an advertised address that is not the machine’s', () => {
    const elsewhere = planOf({ advertisedAddress: '203.0.113.9' });
    expect(troubles(addressFindings(elsewhere, linux))).toEqual(
      says(/^warning: advertisedAddress 203\.0\.113\.9 is not one of the engine’s machine \(192\.0\.2\.2, /),
    );
    expect(troubles(addressFindings(plan, linux))).toEqual([]);
  });

  it('an address that has changed since the last deployment', () => {
    expect(troubles(addressFindings(plan, linux, ['192.0.2.2', '2001:db8::2']))).toEqual([]);
    expect(troubles(addressFindings(plan, linux, ['192.0.2.77']))).toEqual([
      'error: Media is to be offered at 192.0.2.2, and the last `npm run up` was for 192.0.2.77',
    ]);
  });

  it('a STUN server that is silent', () => {
    expect(troubles(stunFindings('stun.example:3478', true))).toEqual([]);
    expect(troubles(stunFindings('stun.example:3478', false))).toEqual(
      says(/^warning: stun_server stun\.example:3478 does not answer/),
    );
  });

  it('names that lead elsewhere, nowhere, or cannot be asked for', () => {
    const found = (addresses: string[], failed?: string, required = false) =>
      troubles([nameFinding({ name: 'a.example', addresses, failed }, ['192.0.2.2', '192.0.2.3'], required)]);
    expect(found(['192.0.2.3'])).toEqual([]);
    expect(found(['192.0.2.3', '192.0.2.9'])).toEqual(
      says(/^warning: a\.example also leads to 192\.0\.2\.9, /),
    );
    expect(found(['192.0.2.9'], undefined, true)).toEqual(says(/^error: a\.example leads to 192\.0\.2\.9, /));
    expect(found([])).toEqual(['warning: a.example has no A or AAAA record']);
    expect(found([], 'ETIMEOUT')).toEqual(['warning: a.example could not be looked up (ETIMEOUT)']);
  });
});

describe('certificate and images', () => {
  const now = new Date('2026-06-01T00:00:00Z');
  const inDays = (days: number) => new Date(now.getTime() + days * 24 * 3600 * 1000);
  const certificate: CertificateFacts = {
    origin: 'operator',
    file: 'fullchain.pem',
    problems: [],
    names: ['media.example.org', '*.example.net', '192.0.2.2'],
    validFrom: inDays(-30),
    validTo: inDays(60),
  };
  const found = (change: Partial<CertificateFacts>, hosts: string[] = []) =>
    troubles(certificateFindings({ ...certificate, ...change }, hosts, now));

  it('that ends soon, which for a short-lived one is sooner', () => {
    expect(found({})).toEqual([]);
    expect(found({ validTo: inDays(13.5) })).toEqual([
      'warning: The certificate fullchain.pem ends in 13 days (2026-06-14)',
    ]);
    expect(found({ validFrom: inDays(-1), validTo: inDays(5) })).toEqual([]);
  });

  it('that is for other names', () => {
    expect(found({}, ['media.example.org', 'a.example.net', '192.0.2.2'])).toEqual([]);
    expect(found({}, ['b.a.example.net', '192.0.2.3'])).toEqual(
      says(/^warning: The certificate is for .*, and not for b\.a\.example\.net, 192\.0\.2\.3/),
    );
  });

  it('whose files are wrong', () => {
    expect(found({ problems: ['ssl_certificate a.pem expired on Monday; renew it.'] })).toEqual([
      'error: ssl_certificate a.pem expired on Monday',
    ]);
  });

  it('a base image without the updates of months', () => {
    const of = (name: string, days: number) => troubles(imageFindings({ name, created: inDays(-days) }, now));
    expect(of('debian:bookworm-slim', 60)).toEqual([]);
    expect(of('debian:bookworm-slim', 61)).toEqual([
      'warning: The base image debian:bookworm-slim is 61 days old',
    ]);
    expect(imageFindings({ name: 'janus-deploy/base:x', created: inDays(-90) }, now)[0].remedy).toMatch(
      /docker rmi/,
    );
    expect(troubles(imageFindings(undefined, now))).toEqual([]);
  });
});

describe('services', () => {
  const container: ContainerFacts = {
    service: 'gateway',
    state: 'running',
    health: 'healthy',
    restarts: 0,
    exitCode: 0,
    outOfMemory: false,
  };
  const found = (change: Partial<ContainerFacts>) =>
    troubles(containerFindings([{ ...container, ...change }]));

  it('that do not run, are unhealthy, or had to be started again', () => {
    expect(found({})).toEqual([]);
    expect(found({ state: 'missing' })).toEqual(['error: The container of gateway is missing']);
    expect(found({ state: 'exited', exitCode: 137, outOfMemory: true })).toEqual([
      'error: The container of gateway is exited (ended with status 137, out of memory)',
    ]);
    expect(found({ health: 'unhealthy' })).toEqual(['error: The container of gateway is unhealthy']);
    expect(found({ restarts: 2 })).toEqual(says(/^warning: .* was started again 2 times/));
    // Those who watch do not need it.
    expect(found({ service: 'prometheus', state: 'missing' })).toEqual([
      'warning: The container of prometheus is missing',
    ]);
  });

  it('that answer wrongly, not at all, or with another certificate', () => {
    const answer: ServiceAnswer = {
      what: 'The player',
      url: 'https://a/player/',
      wanted: { status: 200, contains: '<html' },
      got: { status: 200, body: '<html>', fingerprint: 'AA' },
    };
    const got = (change: ServiceAnswer['got']) =>
      troubles(answerFindings([{ ...answer, got: change }], 'AA'));
    expect(got(answer.got)).toEqual([]);
    expect(got({ status: 502, body: '' })).toEqual(['error: The player at https://a/player/ answered 502']);
    expect(got({ failed: 'ECONNREFUSED' })).toEqual(says(/answered ECONNREFUSED/));
    expect(got({ status: 200, body: '<html>', fingerprint: 'BB' })).toEqual(says(/another certificate/));
  });

  it('a gateway without the plugin', () => {
    const info = (plugins: object) =>
      readGatewayInfo(JSON.stringify({ janus: 'server_info', version_string: '0.9.1', plugins }));
    const loaded = info({ 'janus.plugin.tms.play': { version_string: '1.2' } });
    expect(gatewayFindings(loaded)).toEqual([
      { subject: 'services', severity: 'ok', what: 'Janus 0.9.1 with janus.plugin.tms.play 1.2' },
    ]);
    expect(troubles(gatewayFindings(info({})))).toEqual([
      'error: Janus 0.9.1 runs without janus.plugin.tms.play',
    ]);
    expect(troubles(gatewayFindings(readGatewayInfo('<html>')))).toEqual([
      'error: Janus does not say what it is',
    ]);
  });
});

describe('TURN', () => {
  const url = 'turn:192.0.2.2:3478?transport=udp';

  it('that gives relays, is silent, refuses, or is used up', () => {
    const found = (change: object) =>
      troubles(turnFindings(true, 3478, [{ url, allocated: 0, permitted: 0, ...change }]));
    expect(found({})).toEqual([]);
    expect(found({ allocated: { failed: 'no answer' } })).toEqual([
      `error: ${url} does not answer (no answer)`,
    ]);
    expect(found({ allocated: 401 })).toEqual([`error: ${url} refuses the web server’s credentials (401)`]);
    expect(found({ allocated: 486 })).toEqual([`warning: ${url} has no relay left (486)`]);
    expect(found({ permitted: 403 })).toEqual([`error: ${url} gives a relay, but none to the gateway (403)`]);
  });

  it('without credentials, or an answer to STUN', () => {
    expect(troubles(turnFindings(false, 3478, { failed: 'x answered 500' }))).toEqual([
      'error: The TURN server does not answer on UDP port 3478',
      'error: There are no TURN credentials: x answered 500',
    ]);
  });

  it('is reached where its URLs say', () => {
    expect(parseTurnUrl(url)).toEqual({ host: '192.0.2.2', port: 3478, transport: 'udp' });
    expect(parseTurnUrl('turns:[2001:db8::1]:5349?transport=tcp')).toEqual({
      host: '2001:db8::1',
      port: 5349,
      transport: 'tls',
    });
    expect(() => parseTurnUrl('http://a')).toThrow('is not the URL of a TURN server');
  });
});

describe('playback', () => {
  const played: PlaybackFacts = {
    receiver: 'browser',
    file: 'sample.mp4',
    seconds: 3,
    video: { packets: 200, lost: 0, frames: 74 },
    audio: { packets: 150, lost: 0, energy: 0.01 },
    pair: { local: 'host', remote: 'host', remoteAddress: '192.0.2.2', protocol: 'udp' },
  };
  const found = (change: Partial<PlaybackFacts>) => troubles(playbackFindings({ ...played, ...change }));

  it('of picture and sound, or of sound alone', () => {
    expect(found({})).toEqual([]);
    expect(found({ video: undefined })).toEqual([]);
  });

  it('without frames, without sound, without anything', () => {
    expect(found({ video: { packets: 200, lost: 0, frames: 2 } })).toEqual([
      'error: sample.mp4 showed 2 frames in 3 s',
    ]);
    expect(found({ audio: { packets: 150, lost: 0, energy: 0 } })).toEqual(says(/^warning: .* silent/));
    expect(found({ video: undefined, audio: undefined })).toEqual(says(/^error: No packet of sample\.mp4/));
  });

  it('with losses', () => {
    expect(found({ video: { packets: 190, lost: 10, frames: 70 } })).toEqual(
      says(/^warning: 10 of 350 .*\(2\.9 %\)/),
    );
    expect(found({ video: { packets: 150, lost: 50, frames: 70 } })).toEqual(says(/^error: 50 of 350 /));
  });

  it('through a relay', () => {
    const pair = { local: 'relay', remote: 'host', remoteAddress: '192.0.2.2', protocol: 'tls' };
    expect(found({ pair })).toEqual(says(/^warning: Media came through TURN over tls/));
  });

  it('that was counted without a browser', () => {
    const findings = playbackFindings({
      ...played,
      receiver: 'transport',
      video: { packets: 200, lost: 0 },
      audio: { packets: 150, lost: 0 },
    });
    expect(troubles(findings)).toEqual([]);
    expect(findings).toContainEqual(
      expect.objectContaining({ severity: 'unknown', what: expect.stringContaining('No Chromium') }),
    );
  });

  it('that failed, or for which there is nothing to play', () => {
    expect(troubles(playbackFindings({ failed: 'It did not', remedy: 'mend it' }))).toEqual([
      'error: It did not',
    ]);
    expect(troubles(playbackFindings({ nothing: 'The media folder has no film' }))).toEqual(says(/no film/));
  });
});

it('an engine in a virtual machine is looked at as any other', () => {
  const desktop = planOf({}, profiles.desktop);
  expect(troubles(engineFindings(profiles.desktop, desktop))).toEqual([]);
  expect(portFindings(desktop, [])).toEqual([expect.objectContaining({ severity: 'unknown' })]);
});
