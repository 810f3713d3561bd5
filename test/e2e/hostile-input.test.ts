/**
 * What has broken Janus 0.9.1, sent to a gateway as it is deployed and to one that is built with sanitizers, which end
 * it at the first byte that it reads or writes where it must not. docs/security.md has the list.
 */
import { copyFileSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type RTCDtlsTransport,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  RtpHeader,
  useH264,
  useOPUS,
  useVP8,
} from 'werift';
import { $ } from 'zx';
import { buildGatewayImage } from '../../scripts/lib/gateway-image.ts';
import { samplesFolder } from '../../scripts/lib/paths.ts';
import { missing091 } from '../support/flavours.ts';
import { IsolatedGateway } from '../support/isolated-gateway.ts';
import { slot } from '../support/slot.ts';

let gateway: IsolatedGateway;

/** A description of one sound track, with lines of the session and of the track beside the usual ones. */
function offer({ session = [], track = [] }: { session?: string[]; track?: string[] }): string {
  const fingerprint = `a=fingerprint:sha-256 ${Array(32).fill('AA').join(':')}`;
  return [
    'v=0',
    'o=- 1 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE a',
    ...session,
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'c=IN IP4 0.0.0.0',
    'a=ice-ufrag:abcd',
    'a=ice-pwd:abcdefghijklmnopqrstuvwx',
    fingerprint,
    'a=setup:actpass',
    'a=rtcp-mux',
    ...(track.some((line) => line.startsWith('a=mid')) ? [] : ['a=mid:a']),
    ...track,
    'a=rtpmap:111 opus/48000/2',
    '',
  ].join('\r\n');
}

const send = (handle: string, jsep: object) =>
  gateway.ask({ janus: 'message', body: { audio: true, video: true }, jsep }, handle);

/** Whether it goes on with others as if nothing had happened. */
async function expectUnharmed(): Promise<void> {
  expect((await gateway.ask({ janus: 'create' }).catch(() => undefined))?.janus).toBe('success');
  expect(await gateway.unharmed(), await gateway.log()).toBe(true);
}

/** Of the names that browsers hide addresses behind. */
const asksNoNameServer = [
  'asks no name server for the names that browsers hide addresses behind',
  async () => {
    // It never answers: whoever asks it waits for it.
    const { socket, received } = await gateway.listen(53);
    try {
      // It is the one that the gateway would ask.
      await $({
        quiet: true,
        nothrow: true,
      })`docker exec ${gateway.name} timeout 1 getent hosts name.example`;
      expect(received()).toBeGreaterThan(0);
      const before = received();
      const { session, handle } = await gateway.attach();
      const candidate = (n: number) => `candidate:${n} 1 udp 2113937151 8f2c5f1e-${n}.local 50000 typ host`;
      await send(handle, { type: 'offer', sdp: offer({ track: [`a=${candidate(1)}`] }) });
      await gateway.ask(
        { janus: 'trickle', candidate: { sdpMid: 'a', sdpMLineIndex: 0, candidate: candidate(2) } },
        handle,
      );
      const { jsep } = await gateway.next(session, (event) => event.jsep !== undefined);
      expect(jsep?.type).toBe('answer');
      expect((await gateway.ask({ janus: 'detach' }, handle)).janus).toBe('success');
      expect(received()).toBe(before);
    } finally {
      socket.close();
    }
  },
] as const;

const builds = [
  { build: 'as it is deployed', sanitize: '' },
  { build: 'built with sanitizers', sanitize: 'address,undefined' },
];

describe.skipIf(missing091 !== undefined).each(builds)('Janus 0.9.1, $build', ({ sanitize }) => {
  beforeAll(async () => {
    const image = await buildGatewayImage('0.9.1', { sanitize });
    gateway = await new IsolatedGateway(`janus-deploy-hostile-${slot}`).start(image);
  });
  afterAll(() => gateway?.[Symbol.asyncDispose]());

  const attributes = [
    ...['mid', 'fingerprint', 'setup', 'ice-ufrag', 'ice-pwd', 'candidate', 'end-of-candidates', 'rtpmap'],
    ...['fmtp', 'rtcp-fb', 'rtcp', 'extmap', 'ssrc', 'ssrc-group', 'rid', 'simulcast', 'msid', 'group'],
  ];
  const survives = async (sdp: string) => {
    const { session, handle } = await gateway.attach();
    await send(handle, { type: 'offer', sdp });
    await gateway.ask({ janus: 'destroy' }, session);
    await expectUnharmed();
  };

  it('survives attributes without a value (CVE-2020-13898, CVE-2020-13900)', async () => {
    for (const name of attributes) await survives(offer({ session: [`a=${name}`], track: [`a=${name}`] }));
  });

  it.each([
    [
      'a codec name that is too long (CVE-2020-14034)',
      offer({ track: [`a=rtpmap:111 opus/${'4'.repeat(3000)}`] }),
    ],
    ['an extension name that is too long', offer({ track: [`a=extmap:1 urn:${'x'.repeat(600)}`] })],
    ['names of media as long as are taken (CVE-2020-13901)', offer({ track: [`a=mid:${'m'.repeat(16)}`] })],
    ['an offer of data channels', offer({ session: ['m=application 9 DTLS/SCTP 5000', 'a=mid:d'] })],
  ])('survives %s', (_, sdp) => survives(sdp));

  it('tells nothing of its memory when it refuses a description (CVE-2020-13899)', async () => {
    const { session, handle } = await gateway.attach();
    const refused = await send(handle, { type: 'offer', sdp: offer({ track: [`a=mid:${'m'.repeat(17)}`] }) });
    expect(refused.error).toEqual({ code: 465, reason: '' });
    await gateway.ask({ janus: 'destroy' }, session);
    await expectUnharmed();
  });

  it('sends events while the session is claimed, again and again (CVE-2020-10577)', async () => {
    const { session, handle } = await gateway.attach();
    const claim = { janus: 'claim', session_id: Number(session.slice(1)) };
    for (let round = 0; round < 60; round++) {
      const events = Array.from({ length: 8 }, () =>
        gateway.ask({ janus: 'message', body: { audio: true } }, handle),
      );
      const claims = Array.from({ length: 8 }, () => gateway.ask(claim));
      const answers = await Promise.all([...events, ...claims]);
      expect(new Set(answers.map(({ janus }) => janus))).toEqual(new Set(['ack', 'success']));
    }
    await gateway.ask({ janus: 'destroy' }, session);
    await expectUnharmed();
  });

  it('takes a retransmission of one byte for none', async () => {
    const rtx = { mimeType: 'video/rtx', clockRate: 90_000, payloadType: 97, parameters: 'apt=96' };
    await using connection = await toEcho({
      codecs: { video: [useVP8({ payloadType: 96 }), new RTCRtpCodecParameters(rtx)] },
    });
    for (let sequenceNumber = 1; sequenceNumber <= 50; sequenceNumber++) {
      for (const [payloadType, ssrc, size] of [
        [96, 1111, 20],
        [97, 2222, 1],
        [97, 2222, 0],
      ]) {
        const header = new RtpHeader({ payloadType, ssrc, sequenceNumber, timestamp: 1 });
        await connection.dtls.sendRtp(Buffer.alloc(size, 1), header);
      }
    }
    // It has read what was sent once the echo of what came last arrives.
    await connection.echo(1000);
    await expectUnharmed();
  });

  it('goes on while viewers come, seek and vanish, and files change below them', async () => {
    const files = ['whole.mp4', 'cut.mp4', 'replaced.mp4', 'removed.mp4'];
    const path = (file: string) => join(gateway.media, file);
    let packets = 0;
    for (let round = 0; round < 5; round++) {
      for (const file of files) copyFileSync(join(samplesFolder, 'sample.mp4'), path(file));
      const viewers = await Promise.all(files.map((file) => toFilm(file)));
      for (let seek = 0; seek < 6; seek++) {
        await Promise.all(viewers.map((viewer, index) => viewer.seek(seek * 4000 + index * 900)));
        await setTimeout(100);
        if (seek === 2) {
          truncateSync(path('cut.mp4'), 50_000 + 10_000 * round);
          copyFileSync(join(samplesFolder, 'sample-2.mp4'), path('other.mp4'));
          renameSync(path('other.mp4'), path('replaced.mp4'));
          rmSync(path('removed.mp4'));
        }
      }
      packets += viewers[0].packets();
      // With a word to the gateway, with one to the other side, and without any.
      await Promise.all(viewers.map((viewer, index) => viewer.vanish(index + round)));
    }
    expect(packets).toBeGreaterThan(100);
    await expectUnharmed();
  });

  it('has no plugin, logger or data channels that are known to break', async () => {
    const info = (await (await fetch(`${gateway.api}/info`)).json()) as {
      data_channels: boolean;
      plugins: object;
    };
    expect(info.data_channels).toBe(false);
    expect(Object.keys(info.plugins).sort()).toEqual([
      'janus.plugin.echotest',
      'janus.plugin.streaming',
      'janus.plugin.tms.play',
    ]);
    // CVE-2020-10574
    expect((await gateway.admin({ janus: 'query_logger', handler: 'any', request: {} })).janus).toBe('error');
    // CVE-2020-14033
    const { session, handle } = await gateway.attach('janus.plugin.streaming');
    const rtsp = {
      request: 'create',
      type: 'rtsp',
      url: 'rtsp://127.0.0.1/',
      video: true,
      admin_key: gateway.secrets.streaming,
    };
    const created = await gateway.ask({ janus: 'message', body: rtsp }, handle);
    expect(created.plugindata?.data.error).toMatch(
      /Can't create 'rtsp' mountpoint, libcurl support not compiled/,
    );
    await gateway.ask({ janus: 'destroy' }, session);
    await expectUnharmed();
  });

  it(...asksNoNameServer);
});

describe('the distribution’s Janus', () => {
  beforeAll(async () => {
    const image = await buildGatewayImage('distribution');
    gateway = await new IsolatedGateway(`janus-deploy-hostile-${slot}`).start(image, 'distribution');
  });
  afterAll(() => gateway?.[Symbol.asyncDispose]());

  it(...asksNoNameServer);
});

/** A viewer of a film, while it plays. */
async function toFilm(file: string) {
  const connection = new RTCPeerConnection({ codecs: { video: [useH264()], audio: [useOPUS()] } });
  const { session, handle } = await gateway.attach('janus.plugin.tms.play');
  const request = (body: object, jsep?: object) => gateway.ask({ janus: 'message', body, jsep }, handle);
  let packets = 0;
  connection.onTrack.subscribe((track) =>
    track.onReceiveRtp.subscribe(() => {
      packets++;
    }),
  );
  await request({ request: 'request.offer' });
  const { jsep } = await gateway.next(session, (event) => event.jsep !== undefined);
  await connection.setRemoteDescription(jsep as { type: 'offer'; sdp: string });
  await connection.setLocalDescription(await connection.createAnswer());
  const answer = connection.localDescription;
  const connected = connection.connectionStateChange.watch((state) => state === 'connected', 10_000);
  await request({ request: 'push.answer' }, { type: answer?.type, sdp: answer?.sdp });
  await connected;
  await gateway.next(session, ({ janus }) => janus === 'webrtcup');
  const played = await request({ request: 'ctrl.play', file, start: 0, loop: true });
  expect(played.plugindata?.data.code).toBe(0);
  return {
    packets: () => packets,
    /** A film that has broken off is begun anew, if it is there. */
    async seek(position: number): Promise<void> {
      const sought = await request({ request: 'ctrl.seek', position });
      if (sought.plugindata?.data.code !== 0) await request({ request: 'ctrl.play', file, start: 0 });
    },
    async vanish(how: number): Promise<void> {
      if (how % 3 === 0) await gateway.ask({ janus: 'detach' }, handle);
      if (how % 3 === 1) await connection.close();
      await gateway.ask({ janus: 'destroy' }, session);
      await connection.close();
    },
  };
}

/** A viewer whose packets are made by the test, in a PeerConnection with the echo test. */
async function toEcho(configuration: ConstructorParameters<typeof RTCPeerConnection>[0]) {
  const connection = new RTCPeerConnection(configuration);
  connection.addTransceiver('video', { direction: 'sendrecv' });
  const { session, handle } = await gateway.attach();
  await connection.setLocalDescription(await connection.createOffer());
  const group = 'a=ssrc-group:FID 1111 2222\r\na=ssrc:1111 cname:test\r\na=ssrc:2222 cname:test\r\n';
  const described = `${connection.localDescription?.sdp.replace(/^a=ssrc.*\r\n/gm, '')}${group}`;
  await send(handle, { type: 'offer', sdp: described });
  const { jsep } = await gateway.next(session, (event) => event.jsep !== undefined);
  await connection.setRemoteDescription(jsep as { type: 'answer'; sdp: string });
  await connection.connectionStateChange.watch((state) => state === 'connected', 10_000);
  const dtls = connection.dtlsTransports[0] as RTCDtlsTransport;
  return {
    dtls,
    /** Sends packets of the film until one of them comes back. */
    async echo(first: number): Promise<void> {
      let back = false;
      dtls.onRtp.subscribe(() => {
        back = true;
      });
      for (let sequenceNumber = first; !back; sequenceNumber++) {
        if (sequenceNumber === first + 200) throw new Error('Nothing comes back from the echo test.');
        const header = new RtpHeader({
          payloadType: 96,
          ssrc: 1111,
          sequenceNumber,
          timestamp: sequenceNumber,
        });
        await dtls.sendRtp(Buffer.alloc(20, 1), header);
        await setTimeout(50);
      }
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await connection.close();
      await gateway.ask({ janus: 'destroy' }, session);
    },
  };
}
