import { describe, expect, it } from 'vitest';
import { makePlan } from '../../infra/plan/plan.ts';
import { renderGateway } from '../../infra/render/janus.ts';
import { jcfg } from '../../infra/render/jcfg.ts';
import { renderTurn, renderTurnUrls } from '../../infra/render/turn.ts';
import { renderNginx, renderPlayerConfig } from '../../infra/render/web.ts';
import { configOf, linux, official } from '../support/facts.ts';

const plan = (values: Record<string, string> = {}) => makePlan('dev', configOf(values), linux, official);
const secrets = { admin: 'admin-secret', streaming: 'streaming-key', token: 'token-secret' };

describe('rendered files', () => {
  it.each(['host', 'bridge'])('of the gateway on a %s network', (network) => {
    const files = renderGateway(
      plan({ network, stunServer: 'stun.example.org:3478', debugLevel: '5' }),
      secrets,
    );
    expect(files['janus.jcfg']).toMatchSnapshot();
  });

  it.each(['host', 'bridge'])('of the TURN server on a %s network', (network) => {
    expect(renderTurn(plan({ network }), 'turn-secret')).toMatchSnapshot();
  });

  it('of the web server', () => {
    expect(renderNginx(plan())).toMatchSnapshot();
  });

  it('of the player', () => {
    const text = renderPlayerConfig(plan({ janusAddress: 'media.example.org' }), [
      { name: 'film.mp4', kind: 'video' },
    ]);
    expect(text).toMatchSnapshot();
  });

  it('are those the plan lists, no more and no fewer', () => {
    const planned = plan();
    expect(Object.keys(renderGateway(planned, secrets)).sort()).toEqual(
      Object.keys(planned.files.gateway).sort(),
    );
  });

  it('give the gateway a cache of sound of the size asked for, or none', () => {
    const file = (audioCacheSize: string) =>
      renderGateway(plan({ audioCacheSize }), secrets)['janus.plugin.tms.play.jcfg'];
    expect(file('8192')).toContain('cache_root = "/cache"');
    expect(file('8192')).toContain('cache_bytes = "8589934592"');
    expect(plan({ audioCacheSize: '8192' }).containers.gateway.volumes['/cache']).toEqual({
      name: 'janus-deploy-dev-gateway-cache',
    });
    expect(file('0')).not.toContain('cache_');
    expect(plan({ audioCacheSize: '0' }).containers.gateway.volumes).not.toHaveProperty('/cache');
  });

  it('keep the admin API off the network and streaming closed to strangers', () => {
    const files = renderGateway(plan(), secrets);
    expect(files['janus.transport.http.jcfg']).toContain('admin_http = false');
    expect(files['janus.plugin.streaming.jcfg']).toContain('admin_key = "streaming-key"');
  });

  it('leave the demos and their plugins out of production', () => {
    const production = plan({ production: 'true', access: 'open' });
    expect(renderNginx(production)).not.toContain('/srv/demos');
    expect(renderGateway(production, secrets)['janus.jcfg']).toContain(
      'disable = "libjanus_echotest.so,libjanus_streaming.so"',
    );
  });

  it.each([
    [{}, "connect-src 'self'"],
    [
      { janusHttpServer: 'https://media.example:8089/janus' },
      "connect-src 'self' https://media.example:8089",
    ],
    [{ janusAddress: 'media.example.org' }, "connect-src 'self' https://media.example.org:8089"],
    [{ janusHttpsPort: '9443' }, "connect-src 'self' https://$host:9443"],
  ])('let the page talk to its own origin and the server of %o alone', (values, connect) => {
    const [, policy] = /Content-Security-Policy "([^"]+)"/.exec(renderNginx(plan(values))) ?? [];
    const directives = policy.split('; ');
    expect(directives).toContain(connect);
    expect(directives).toEqual(expect.arrayContaining(["default-src 'none'", "script-src 'self'"]));
    expect(policy).not.toMatch(/unsafe|\*|data:|http:/);
  });

  it('ask for tokens where access is by token, and nowhere else', () => {
    const [open, token] = [plan(), plan({ access: 'token' })];
    for (const file of ['janus.jcfg', 'janus.plugin.tms.play.jcfg']) {
      expect(renderGateway(open, secrets)[file]).not.toContain('token-secret');
      expect(renderGateway(token, secrets)[file]).toContain('token_auth_secret = "token-secret"');
    }
    expect(renderGateway(token, secrets)['janus.jcfg']).toContain('token_auth = true');
    expect(renderNginx(open)).toContain('turn.credentials;');
    expect(renderNginx(token)).not.toContain('turn.credentials;');
    expect(renderPlayerConfig(token, [{ name: 'secret.mp4', kind: 'video' }])).not.toContain('secret.mp4');
  });

  it('tell browsers every way to the TURN server', () => {
    expect(JSON.parse(renderTurnUrls(plan()))).toEqual([
      'turn:{host}:3478?transport=udp',
      'turn:{host}:3478?transport=tcp',
      'turns:{host}:5349?transport=tcp',
    ]);
  });
});

describe('jcfg', () => {
  it('quotes what could end a string', () => {
    expect(jcfg({ a: { b: 'say "hi"\n', c: ['x', 'y'], d: undefined, e: 3, f: true } })).toBe(
      'a: {\n\tb = "say \\"hi\\"\\n"\n\tc = ["x", "y"]\n\te = 3\n\tf = true\n}\n',
    );
  });
});
