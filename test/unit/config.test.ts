import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig, type Setting } from '../../infra/config/config.ts';
import { parseEnvFile } from '../../infra/config/env-file.ts';
import { type OptionKey, options } from '../../infra/config/options.ts';

const settings = (values: Record<string, string>, file: string): Record<string, Setting> =>
  Object.fromEntries(
    Object.entries(values).map(([key, value], i) => [key, { value, where: `${file} line ${i + 1}` }]),
  );
const stack = (values: Record<string, string>) => settings(values, 'Pulumi.dev.yaml');
const env = (values: Record<string, string>) => settings(values, 'local.env');

function errorsOf(work: () => unknown): readonly string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error.errors;
    throw error;
  }
  return [];
}

describe('configuration', () => {
  it('has defaults that need nothing to be set', () => {
    expect(parseConfig({ stack: {}, env: {} })).toMatchObject({
      playerPort: 8443,
      demosPort: 8444,
      apiHttpPort: 8088,
      apiHttpsPort: 8089,
      turnPort: 3478,
      turnTlsPort: 5349,
      debugLevel: 4,
      production: false,
      network: 'auto',
    });
  });

  it('reads the names of existing env files', () => {
    const text =
      'ssl_certificate=/etc/tls/cert.pem\nssl_certificate_key=/etc/tls/key.pem\nstun_server=coturn:3478\ndebug_level=5\n';
    expect(parseConfig({ stack: {}, env: parseEnvFile(text, 'local.env') })).toMatchObject({
      sslCertificate: '/etc/tls/cert.pem',
      sslCertificateKey: '/etc/tls/key.pem',
      stunServer: 'coturn:3478',
      debugLevel: 5,
    });
  });

  it('prefers the stack config to the env file and the env file to the default', () => {
    const both = { stack: stack({ debugLevel: '7' }), env: env({ debug_level: '2' }) };
    expect(parseConfig(both).debugLevel).toBe(7);
    expect(parseConfig({ ...both, stack: {} }).debugLevel).toBe(2);
  });

  it('reports all mistakes at once, each with its place, what was found and what is accepted', () => {
    const errors = errorsOf(() =>
      parseConfig({
        stack: stack({ debugLevl: '3', playerPort: '99999' }),
        env: env({ debug_level: 'loud', stun_sever: 'x' }),
      }),
    );
    expect(errors).toEqual([
      'Pulumi.dev.yaml line 1: debugLevl is not a known stack config key; did you mean debugLevel?',
      'local.env line 2: stun_sever is not a known env file name; did you mean stun_server?',
      'local.env line 1: debugLevel is "loud"; accepted: a whole number from 0 (silent) to 7 (everything).',
      'Pulumi.dev.yaml line 2: playerPort is "99999"; accepted: a port from 1 to 65535.',
    ]);
  });

  it('refuses a certificate without a key, a port used twice and ranges that overlap', () => {
    const errors = errorsOf(() =>
      parseConfig({
        stack: stack({ sslCertificate: 'a.pem', demosPort: '8443', relayPorts: '20100-20200' }),
        env: {},
      }),
    );
    expect(errors).toHaveLength(3);
    expect(errors[0]).toContain('sslCertificate is set without sslCertificateKey');
    expect(errors[1]).toContain('demosPort is 8443, which playerPort');
    expect(errors[2]).toContain('overlaps rtpPorts 20000-20499');
  });

  it('refuses to get a certificate beside the operator’s', () => {
    const files = { sslCertificate: 'a.pem', sslCertificateKey: 'b.pem' };
    const both = { ...files, acmeName: 'media.example.org' };
    expect(errorsOf(() => parseConfig({ stack: stack(both), env: {} }))).toEqual([
      expect.stringContaining('acmeName is set beside sslCertificate'),
    ]);
  });

  it('has a production stack say who may watch', () => {
    expect(errorsOf(() => parseConfig({ stack: stack({ production: 'true' }), env: {} }))).toEqual([
      expect.stringMatching(
        /^Pulumi.dev.yaml line 1: production is true and access is not set; set access: token /,
      ),
    ]);
    for (const access of ['open', 'token']) {
      const config = parseConfig({ stack: stack({ production: 'true', access }), env: {} });
      expect(config.access).toBe(access);
    }
  });

  it('never fails with anything but sentences, whatever is written', () => {
    const keys = fc.constantFrom(...(Object.keys(options) as OptionKey[]));
    fc.assert(
      fc.property(fc.dictionary(keys, fc.string()), (values) => {
        for (const error of errorsOf(() => parseConfig({ stack: stack(values), env: {} }))) {
          expect(error).toMatch(/^(Pulumi\.dev\.yaml line \d+|default of \w+): /);
        }
      }),
    );
  });

  it('declares every option with a default that it accepts itself', () => {
    for (const [key, { schema, default: fallback, accepted, help }] of Object.entries(options)) {
      expect(schema.safeParse(fallback).success, key).toBe(true);
      expect(accepted.length * help.length, key).toBeGreaterThan(0);
    }
  });
});

describe('env file', () => {
  it('names the line of each setting', () => {
    expect(parseEnvFile('# comment\n\ndebug_level=3\nexport stun_server="a.b:1"\n', 'local.env')).toEqual({
      debug_level: { value: '3', where: 'local.env line 3' },
      stun_server: { value: 'a.b:1', where: 'local.env line 4' },
    });
  });
});
