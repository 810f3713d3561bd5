/** Grafana's image, which the distribution does not have: it is there where its registry is reached. */
import type { BuildFacts } from '../../infra/plan/facts.ts';
import { hasImage, pull } from './base-image.ts';

export const grafanaImage = 'grafana/grafana:11.6.0';

/** Whether the engine has the image. */
export const findGrafana = async (): Promise<BuildFacts['grafana']> =>
  (await hasImage(grafanaImage))
    ? { image: grafanaImage }
    : { why: `its image ${grafanaImage} is not on the engine and could not be pulled` };

/** Pulls the image where it is not there, and where it can be had. */
export async function ensureGrafana(): Promise<string> {
  if (!(await hasImage(grafanaImage))) await pull(grafanaImage);
  const found = await findGrafana();
  return 'image' in found ? found.image : `none: ${found.why}`;
}
