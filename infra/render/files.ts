/** All rendered files of a deployment, by service. Pure. */
import type { ServiceName } from '../plan/container.ts';
import type { Plan } from '../plan/plan.ts';
import { type GatewaySecrets, renderGateway } from './janus.ts';
import { renderTurnFiles } from './turn.ts';
import { type MediaFile, renderWeb, type WebSecrets } from './web.ts';

/** What the files contain beside the plan and never leaves the deployment. */
export type Secrets = GatewaySecrets & WebSecrets;

/** In the place of secrets, where files are shown. */
export const placeholders: Secrets = {
  admin: '<admin secret>',
  streaming: '<streaming key>',
  token: '<token secret>',
  turn: '<TURN secret>',
  chain: '<certificate chain>\n',
  key: '<private key>\n',
};

/** Texts by service and by the names that the plan lists. */
export function renderFiles(
  plan: Plan,
  secrets: Secrets,
  media: MediaFile[],
): Record<ServiceName, Record<string, string>> {
  return {
    gateway: renderGateway(plan, secrets),
    turn: renderTurnFiles(plan, secrets.turn),
    web: renderWeb(plan, secrets, media),
  };
}
