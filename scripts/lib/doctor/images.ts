/** Whether what the services are built on is of this year. Pure. */
import { about, type Finding } from './finding.ts';

/** The base image; undefined where the engine has none yet. */
export type ImageFacts = { name: string; created: Date } | undefined;

const { ok, warning } = about('images');
const day = 24 * 3600 * 1000;

/** Debian rebuilds its images with security updates about once a month. */
const oldDays = 60;

export function imageFindings(image: ImageFacts, now: Date): Finding[] {
  if (image === undefined) return [ok('The engine has no base image yet; `npm run up` pulls or makes one')];
  const days = Math.floor((now.getTime() - image.created.getTime()) / day);
  if (days <= oldDays) return [ok(`The base image ${image.name} is ${days} day${days === 1 ? '' : 's'} old`)];
  const own = image.name.startsWith('janus-deploy/');
  return [
    warning({
      what: `The base image ${image.name} is ${days} days old`,
      why: 'the services do not have the security updates since then',
      remedy: own
        ? `run \`docker rmi ${image.name}\` and \`npm run up\`, which makes it anew`
        : `run \`docker pull ${image.name}\` and \`npm run up\``,
    }),
  ];
}
