/** What the documents say of the options, made from their declaration. Pure. */
import { type Option, options } from './options.ts';

const declared = Object.entries(options) as [string, Option][];

/** The table of the READMEs. */
export function optionsTable(): string {
  const rows = declared.map(([key, { env, default: fallback, accepted, help }]) =>
    [
      `\`${key}\``,
      env ? `\`${env}\`` : '',
      fallback === '' ? '' : `\`${fallback}\``,
      `${help}. Accepted: ${accepted}.`,
    ].join(' | '),
  );
  return ['Stack config | Env file | Default | What it is', '--- | --- | --- | ---', ...rows]
    .map((row) => `| ${row} |`)
    .join('\n');
}

/** The env file to start from: every name, commented out, with its help. */
export function envTemplate(): string {
  const entries = declared
    .filter(([, { env }]) => env !== undefined)
    .map(
      ([, { env, default: fallback, accepted, help }]) =>
        `# ${help}.\n# Accepted: ${accepted}.\n#${env}=${fallback}\n`,
    );
  return `# Copy to local.env and take the # off what you set. Stack config (Pulumi.<stack>.yaml) wins over this file.\n\n${entries.join('\n')}`;
}

/**
 * The config section of Pulumi.yaml. Pulumi takes a key without a default for required, and one with a default for
 * set; an empty text is neither, so that the env file still has its say.
 */
export function pulumiConfig(): Record<string, { type: 'string'; default: ''; description: string }> {
  return Object.fromEntries(
    declared.map(([key, { default: fallback, accepted, help }]) => [
      key,
      {
        type: 'string',
        default: '',
        description: `${help}. Accepted: ${accepted}.${fallback === '' ? '' : ` Default: ${fallback}.`}`,
      },
    ]),
  );
}
