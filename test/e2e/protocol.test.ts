/** The plugin's golden transcripts, replayed against a deployed gateway of each flavour: every answer, exactly. */
import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { openBrowser, type TestBrowser, type TestPage } from '../support/browser.ts';
import { Deployment } from '../support/deployment.ts';
import { missing091 } from '../support/flavours.ts';
import { goldenMedia, type Step, transcripts } from '../support/golden.ts';
import { JanusClient, type Message } from '../support/janus-client.ts';

const plugin = 'janus.plugin.tms.play';

for (const janus of ['0.9.1', 'distribution'] as const) {
  describe.skipIf(janus === '0.9.1' && missing091 !== undefined)(`the protocol with Janus ${janus}`, () => {
    let media: string;
    let deployment: Deployment;
    let browser: TestBrowser;
    let test: TestPage;
    let client: JanusClient;

    beforeAll(async () => {
      media = await goldenMedia(janus);
      deployment = await new Deployment('e2e', { janus, maxViewers: 4, mediaFolder: media }).deployAnew();
      browser = await openBrowser();
    });
    afterAll(async () => {
      await browser?.close();
      await deployment?.remove();
      if (media) rmSync(media, { recursive: true, force: true });
    });
    beforeEach(async () => {
      test = await browser.newPage();
      client = await JanusClient.attach(deployment.url('apiHttpPort', '/janus', 'http'), plugin, test.page);
    });
    afterEach(async () => {
      await client?.close();
      await test?.context.close();
    });

    it.each(transcripts)('$name: $about', async ({ exchange }) => {
      for (const [index, step] of exchange.entries()) await replay(step, `step ${index}`);
      expect(client.left('event')).toEqual([]);
    });

    it('keeps the sound that was made for them', async () => {
      const kept = await $({
        quiet: true,
      })`docker exec janus-deploy-${deployment.stack}-gateway ls -A /cache`;
      expect(kept.stdout.trim()).not.toBe('');
    });

    let offer: RTCSessionDescriptionInit | undefined;

    async function replay(step: Step, transaction: string): Promise<void> {
      if (step.send) {
        const jsep = step.jsep && offer && (await client.answer(offer));
        expect(await client.send(transaction, step.send, jsep), transaction).toEqual(
          expectedReply(step, transaction),
        );
      }
      if (step.core === 'hangup') await client.hangUp();
      if (step.core) expect(await client.next(step.core), transaction).toBeDefined();
      for (const { data, jsep } of step.events ?? []) {
        const event = await client.next('event');
        expect(event, transaction).toEqual({
          ...sender('event'),
          ...(data.tms_play_event !== 'exit.play' && { transaction }),
          plugindata: { plugin, data },
          ...(jsep && { jsep: { type: jsep, sdp: expect.stringContaining('a=sendonly') } }),
        });
        if (jsep) offer = event?.jsep as RTCSessionDescriptionInit;
      }
    }

    const sender = (janus: string): Message => ({
      janus,
      session_id: client.session,
      sender: client.handle,
    });

    /** What Janus makes of the plugin's answer. */
    function expectedReply({ success, error }: Step, transaction: string): Message {
      if (success) return { ...sender('success'), transaction, plugindata: { plugin, data: success } };
      const head = { session_id: client.session, transaction };
      return error ? { janus: 'error', ...head, error } : { janus: 'ack', ...head };
    }
  });
}
