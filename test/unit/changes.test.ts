import { describe, expect, it } from 'vitest';
import { changesBetween, type Described, isForbidden } from '../../infra/plan/changes.ts';
import { makePlan } from '../../infra/plan/plan.ts';
import { placeholders, renderFiles } from '../../infra/render/files.ts';
import { configOf, linux, official } from '../support/facts.ts';

/** What a stack with these settings is described as. */
function described(values: Record<string, string> = {}, sources: Described['sources'] = {}): Described {
  const plan = makePlan('dev', configOf(values), linux, official);
  const texts = renderFiles(plan, placeholders, []);
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
    expect(gateway).toMatchObject({ service: 'gateway', because: ['janus.jcfg'] });
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
    ]);
    const network = changesBetween(described(), described({ network: 'bridge' }));
    expect(network.map(({ service, effect }) => `${effect}:${service}`).sort()).toEqual([
      'replace:gateway',
      'replace:turn',
      'replace:web',
    ]);
  });

  it('are forbidden by a policy that names their service and their effect or a milder one', () => {
    const change = { service: 'gateway', effect: 'restart' as const, because: [] };
    expect(isForbidden(change, { service: 'gateway', effect: 'reload' })).toBe(true);
    expect(isForbidden(change, { service: 'gateway', effect: 'restart' })).toBe(true);
    expect(isForbidden(change, { service: 'gateway', effect: 'replace' })).toBe(false);
    expect(isForbidden(change, { service: 'web', effect: 'reload' })).toBe(false);
  });
});
