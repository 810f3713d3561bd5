/** Janus's configuration format (libconfig). Pure. */

export type JcfgValue = string | number | boolean | string[];
/** A section's settings; undefined ones are left out. */
export type JcfgSection = Record<string, JcfgValue | undefined>;

const literal = (value: JcfgValue): string =>
  Array.isArray(value) ? `[${value.map(literal).join(', ')}]` : JSON.stringify(value);

/** The file's text: one group per section, in the order given. */
export function jcfg(sections: Record<string, JcfgSection>): string {
  return Object.entries(sections)
    .map(([name, section]) => {
      const settings = Object.entries(section).filter(([, value]) => value !== undefined);
      return `${name}: {\n${settings.map(([key, value]) => `\t${key} = ${literal(value as JcfgValue)}\n`).join('')}}\n`;
    })
    .join('');
}
