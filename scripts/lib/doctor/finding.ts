/** What the doctor finds, and the form it is reported in. Pure. */
import { z } from 'zod';

/** What findings are about, in the order they are reported. */
export const subjects = [
  'configuration',
  'engine',
  'machine',
  'disk',
  'clock',
  'ports',
  'firewall',
  'address',
  'name',
  'certificate',
  'images',
  'services',
  'turn',
  'playback',
] as const;
export type Subject = (typeof subjects)[number];

/** From what is right to what keeps viewers from watching; `unknown` is what could not be looked at from here. */
export const severities = ['ok', 'unknown', 'warning', 'error'] as const;
export type Severity = (typeof severities)[number];

const findingSchema = z.object({
  subject: z.enum(subjects),
  severity: z.enum(severities),
  /** What was found, and where. */
  what: z.string(),
  /** What comes of it; of what is not right. */
  why: z.string().optional(),
  /** What to do; of what is not right. */
  remedy: z.string().optional(),
});

/** Texts are sentences without their full stop. */
export type Finding = z.infer<typeof findingSchema>;

/** What `npm run doctor -- --json` prints. */
export const reportSchema = z.object({
  stack: z.string(),
  /** When it was looked, ISO 8601. */
  time: z.iso.datetime(),
  /** Whether there are containers of the stack; without them only what comes before a deployment was looked at. */
  deployed: z.boolean(),
  /** The worst of the findings'. */
  severity: z.enum(severities),
  findings: z.array(findingSchema),
});
export type Report = z.infer<typeof reportSchema>;

type Trouble = Required<Pick<Finding, 'what' | 'why' | 'remedy'>>;

/** Makes findings of one subject. */
export const about = (subject: Subject) => ({
  ok: (what: string): Finding => ({ subject, severity: 'ok', what }),
  unknown: (what: string): Finding => ({ subject, severity: 'unknown', what }),
  warning: (trouble: Trouble): Finding => ({ subject, severity: 'warning', ...trouble }),
  error: (trouble: Trouble): Finding => ({ subject, severity: 'error', ...trouble }),
});

export const worst = (findings: Finding[]): Severity =>
  severities[Math.max(0, ...findings.map(({ severity }) => severities.indexOf(severity)))];

export const ofSeverity = (findings: Finding[], severity: Severity): Finding[] =>
  findings.filter((finding) => finding.severity === severity);

/** What was found and what to do, as one sentence: for who only has to put it right. */
export const sentence = ({ what, remedy }: Finding): string => `${what}${remedy ? `; ${remedy}` : ''}.`;

/** With the stack in the commands that are advised, where it is not the one they are for by themselves. */
export function advisedFor(stack: string, finding: Finding): Finding {
  if (stack === 'dev' || finding.remedy === undefined) return finding;
  const remedy = finding.remedy.replaceAll(
    /`npm run (up|logs|certs)(?: -- ([^`]*))?`/g,
    (_, verb, rest) => `\`npm run ${verb} -- ${rest ? `${rest} ` : ''}--stack ${stack}\``,
  );
  return { ...finding, remedy };
}

/** An error that is one sentence already, of the form of `sentence`. */
export function fromSentence(subject: Subject, text: string, why: string): Finding {
  const [, what, remedy] = /^(.*); (.*?)\.?$/s.exec(text) ?? [text, text, ''];
  return { subject, severity: 'error', what, why, ...(remedy && { remedy }) };
}
