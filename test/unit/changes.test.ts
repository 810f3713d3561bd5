import { describe, expect, it } from 'vitest';
import { changesBetween, type Described, isForbidden } from '../../infra/plan/changes.ts';
import { makePlan } from '../../infra/plan/plan.ts';
import { placeholders, renderFiles } from '../../infra/render/files.ts';
import type { MediaFile } from '../../infra/render/web.ts';
import { changesTable } from '../support/changes-table.ts';
import { configOf, linux, official } from '../support/facts.ts';

/** What a stack with these settings is described as. */
function described(
  values: Record<string, string> = {},
  sources: Described['sources'] = {},
  secrets = placeholders,
  media: MediaFile[] = [],
): Described {
  const plan = makePlan('dev', configOf(values), linux, official);
  const texts = renderFiles(plan, secrets, media);
  const files = Object.entries(plan.files).map(([service, named]) => [
    service,
    Object.fromEntries(
      Object.entries(named).map(([name, effect]) => [name, { effect, text: texts[service as 'web'][name] }]),
    ),
  ]);
  return { plan, files: Object.fromEntries(files), sources };
}

describe('the changes between two plans', () => {
  it('are none between two that are the same', () => {
    expect(changesBetween(described(), described())).toEqual([]);
  });

  it('concern the services whose files differ, by the class of the file', () => {
    const [gateway, ...others] = changesBetween(described(), described({ debugLevel: '6' }));
    expect(others).toEqual([]);
    expect(gateway).toEqual({ service: 'gateway', effect: 'reload', because: ['debug-level'] });
    expect(changesBetween(described(), described({ janusHttpPort: '80' }))).toEqual([
      { service: 'web', effect: 'reload', because: ['nginx.conf', 'player-config.js'] },
    ]);
  });

  it('replace a container whose image or inputs differ', () => {
    const sources = { web: { 'images/web/Dockerfile': '1' } };
    expect(changesBetween(described({}, sources), described({}, { web: {} }))).toEqual([
      { service: 'web', effect: 'replace', because: ['images/web/Dockerfile'] },
    ]);
    expect(changesBetween(described(), described({ mediaFolder: 'films' }))).toEqual([
      { service: 'gateway', effect: 'replace', because: ['mounts'] },
      { service: 'web', effect: 'replace', because: ['mounts'] },
    ]);
    const network = changesBetween(described(), described({ network: 'bridge' }));
    expect(network.map(({ service, effect }) => `${effect}:${service}`).sort()).toEqual([
      'replace:gateway',
      'replace:turn',
      'replace:web',
    ]);
  });

  it('are forbidden by a policy that names their service and their effect or a milder one', () => {
    const [replaced, reloaded] = (['replace', 'reload'] as const).map((effect) => ({
      service: 'gateway',
      effect,
      because: [],
    }));
    expect(isForbidden(replaced, { service: 'gateway', effect: 'reload' })).toBe(true);
    expect(isForbidden(replaced, { service: 'gateway', effect: 'replace' })).toBe(true);
    expect(isForbidden(reloaded, { service: 'gateway', effect: 'replace' })).toBe(false);
    expect(isForbidden(replaced, { service: 'web', effect: 'reload' })).toBe(false);
  });
});

describe('the table in docs/changes.md', () => {
  /** Each change as it looks to the plan. */
  const changed: Record<string, Described> = {
    debugLevel: described({ debugLevel: '6' }),
    stunServer: described({ stunServer: 'stun.example.org:3478' }),
    playerPort: described({ playerPort: '443' }),
    gatewayPort: described({ gatewayPort: '9000' }),
    turnPort: described({ turnPort: '3000' }),
    rtpPorts: described({ rtpPorts: '22000-22499' }),
    maxViewers: described({ maxViewers: '30' }),
    mediaFolder: described({ mediaFolder: 'films' }, {}, placeholders, [{ name: 'film.mp4', kind: 'video' }]),
    'a media file is added': described({}, {}, placeholders, [{ name: 'film.mp4', kind: 'video' }]),
    janusHttpServer: described({ janusHttpServer: 'https://media.example.org/janus' }),
    "the certificate's content": described({}, {}, { ...placeholders, chain: 'another', key: 'another' }),
    'the TURN secret': described({}, {}, { ...placeholders, turn: 'another' }),
    "the player's pages": described({}, { web: { 'player-dist/index.html': '1' } }),
    "the plugin's source": described({}, { gateway: { 'janus-plugins/play/src/plugin.c': '1' } }),
    'the version of Janus': described({ janus: 'distribution' }),
  };

  it('has these changes', () => {
    expect(Object.keys(changesTable).sort()).toEqual(Object.keys(changed).sort());
  });

  it.each(Object.keys(changesTable))('says what the plan says: %s', (change) => {
    const effects = changesBetween(described(), changed[change]).map(({ service, effect }) => [
      service,
      effect,
    ]);
    expect(Object.fromEntries(effects)).toEqual(changesTable[change]);
  });
});
