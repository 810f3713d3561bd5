/** From the release before to this one: what was deployed goes on, and so does the film that somebody watches. */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { watchPictures } from '../../scripts/lib/picture-gap.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { Deployment } from '../support/deployment.ts';
import { gapOf, waitForFrame } from '../support/measure.ts';
import { connected, playFile } from '../support/player.ts';
import { deployByPreviousRelease, missingRelease } from '../support/previous-release.ts';

const title = 'a deployment of the release before';

describe.skipIf(missingRelease !== undefined)(
  missingRelease === undefined ? title : `${title} (skipped: ${missingRelease})`,
  () => {
    let deployment: Deployment;
    let browser: TestBrowser;

    beforeAll(async () => {
      deployment = await new Deployment('upgraded', { maxViewers: 4 }).prepare();
    });
    // Before a second try, too: the first may have upgraded it.
    beforeEach(async () => {
      await deployment.run('down');
      await deployByPreviousRelease(deployment);
      browser = await openBrowser({ certificateAuthority: deployment.authority });
    });
    afterEach(async () => {
      await browser?.close();
    });
    afterAll(async () => {
      await deployment?.remove();
    });

    /** A file in the volume of the sound that was made. */
    const marker = '/cache/marker';

    /** What has to outlast the containers. */
    async function kept(): Promise<string[]> {
      const name = `janus-deploy-${deployment.stack}`;
      const secret = await $({ quiet: true })`docker exec ${name}-web cat /config/current/turn-secret`;
      const sound = await $({ quiet: true })`docker exec ${name}-gateway cat ${marker}`;
      return [secret.stdout, sound.stdout, readFileSync(deployment.authority, 'utf8')];
    }

    it('becomes one of this version, and its viewer sees the film go on', async () => {
      await $({
        quiet: true,
      })`docker exec janus-deploy-${deployment.stack}-gateway sh -c ${`date > ${marker}`}`;
      const before = await kept();
      const { page, context } = await browser.newPage();
      await page.goto(deployment.url('playerPort', '/player/'));
      await connected(page);
      await playFile(page, 'sample.mp4');
      await page.getByTestId('loop').click();
      await waitForFrame(page, ({ frame }) => frame > 25);
      // As long as it has this, it is the page that the release before served.
      await page.evaluate(() => document.body.setAttribute('data-before', 'yes'));
      await watchPictures(page);

      const said = await deployment.up();
      expect(said).toMatch(/^ +gateway replaced/m);
      expect(said).toContain('every service answers');
      expect(await gapOf(page, 'upgrade', 0.2)).toBeLessThan(60);
      expect(await page.evaluate(() => document.body.dataset.before)).toBe('yes');
      await context.close();

      expect(await kept()).toEqual(before);
      expect((await deployment.healthyStatus()).gateway?.acceptsSessions).toBe(true);
      expect(await deployment.up()).toMatch(/pulumi up\s+\d+ unchanged \(/);
    });
  },
);
