/** A TURN client (RFC 8656) that says what it is refused; over UDP, TCP or TLS. Every promise settles within seconds. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, isIPv6, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface TurnServer {
  host: string;
  port: number;
  transport?: 'udp' | 'tcp' | 'tls';
}

export interface TurnCredential {
  username: string;
  credential: string;
}

export interface Peer {
  address: string;
  port: number;
}

/** As the server's own issuer makes them: `expires` in seconds since 1970. */
export function turnCredential(secret: string, expires: number, id: string = 'test'): TurnCredential {
  const username = `${expires}:${id}`;
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
}

const methods = { allocate: 0x003, refresh: 0x004, createPermission: 0x008, channelBind: 0x009 };
const attributes = {
  username: 0x0006,
  integrity: 0x0008,
  error: 0x0009,
  channel: 0x000c,
  lifetime: 0x000d,
  peer: 0x0012,
  realm: 0x0014,
  nonce: 0x0015,
  addressFamily: 0x0017,
  transport: 0x0019,
};
const cookie = Buffer.from('2112a442', 'hex');
const errorClass = 0x0110;

/** ms within which a server answers. */
const patience = 5000;
const late = `The TURN server did not answer within ${patience / 1000} s.`;

interface Answer {
  /** 0 is success, else the error's code. */
  code: number;
  attributes: Map<number, Buffer>;
}

/** One allocation, or the attempt at one. Every request resolves to 0 or to the error's code. */
export class TurnClient implements AsyncDisposable {
  readonly #send: (data: Buffer) => void;
  readonly #end: () => void;
  readonly #waiting = new Map<string, PromiseWithResolvers<Answer>>();
  readonly #credential: TurnCredential;
  #realm = Buffer.alloc(0);
  #nonce = Buffer.alloc(0);
  #received = Buffer.alloc(0);
  #allocated = false;

  private constructor(link: Link, credential: TurnCredential) {
    this.#credential = credential;
    this.#send = link.send;
    this.#end = link.end;
    link.listen(
      (data) => {
        this.#received = Buffer.concat([this.#received, data]);
        this.#read();
      },
      (error) => {
        this.#allocated = false;
        for (const answer of this.#waiting.values()) answer.reject(error);
      },
    );
  }

  static async open(server: TurnServer, credential: TurnCredential): Promise<TurnClient> {
    return new TurnClient(await openLink(server), credential);
  }

  /** Asks for a relay with an address of the family. */
  async allocate(family: 4 | 6 = 4): Promise<number> {
    const asked: [number, Buffer][] = [
      [attributes.transport, Buffer.from([17, 0, 0, 0])],
      [attributes.addressFamily, Buffer.from([family === 4 ? 1 : 2, 0, 0, 0])],
    ];
    // The first answer is a challenge, with what the second has to be signed with.
    const challenge = await this.#ask(methods.allocate, asked, false);
    this.#realm = Buffer.from(challenge.attributes.get(attributes.realm) ?? []);
    this.#nonce = Buffer.from(challenge.attributes.get(attributes.nonce) ?? []);
    const { code } = await this.#ask(methods.allocate, asked);
    this.#allocated = code === 0;
    return code;
  }

  /** Asks to exchange packets with an address. */
  async permit(address: string): Promise<number> {
    return (
      await this.#ask(methods.createPermission, (id) => [
        [attributes.peer, encodePeer({ address, port: 0 }, id)],
      ])
    ).code;
  }

  /** Binds a channel (0x4000 to 0x4fff) to a peer. */
  async bind(channel: number, peer: Peer): Promise<number> {
    const number = Buffer.from([channel >> 8, channel & 0xff, 0, 0]);
    return (
      await this.#ask(methods.channelBind, (id) => [
        [attributes.channel, number],
        [attributes.peer, encodePeer(peer, id)],
      ])
    ).code;
  }

  /** Sends through a channel; whether it arrives is not said. */
  send(channel: number, data: Buffer): void {
    const header = Buffer.alloc(4);
    header.writeUInt16BE(channel, 0);
    header.writeUInt16BE(data.length, 2);
    this.#send(Buffer.concat([header, data, Buffer.alloc(-data.length & 3)]));
  }

  /** Gives the allocation back. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#allocated) await this.#ask(methods.refresh, [[attributes.lifetime, Buffer.alloc(4)]]);
    this.#end();
  }

  #ask(
    method: number,
    asked: [number, Buffer][] | ((id: Buffer) => [number, Buffer][]),
    signed = true,
  ): Promise<Answer> {
    const id = randomBytes(12);
    const list = typeof asked === 'function' ? asked(id) : asked;
    const { username, credential } = this.#credential;
    const body: [number, Buffer][] = signed
      ? [
          ...list,
          [attributes.username, Buffer.from(username)],
          [attributes.realm, this.#realm],
          [attributes.nonce, this.#nonce],
        ]
      : list;
    const key = createHash('md5').update(`${username}:${this.#realm}:${credential}`).digest();
    const answer = Promise.withResolvers<Answer>();
    const limit = setTimeout(() => answer.reject(new Error(late)), patience);
    this.#waiting.set(id.toString('hex'), answer);
    this.#send(encode(method, id, body, signed ? key : undefined));
    return answer.promise.finally(() => {
      clearTimeout(limit);
      this.#waiting.delete(id.toString('hex'));
    });
  }

  /** Takes whole messages off what was received: answers are handed on, data from peers is left out. */
  #read(): void {
    while (this.#received.length >= 4) {
      const isMessage = this.#received[0] < 0x40;
      const content = this.#received.readUInt16BE(2);
      const size = isMessage ? 20 + content : 4 + content + (-content & 3);
      if (this.#received.length < size) return;
      const message = this.#received.subarray(0, size);
      this.#received = this.#received.subarray(size);
      if (isMessage) this.#waiting.get(message.subarray(8, 20).toString('hex'))?.resolve(decode(message));
    }
  }
}

interface Link {
  send: (data: Buffer) => void;
  listen: (listener: (data: Buffer) => void, failed: (error: Error) => void) => void;
  end: () => void;
}

async function openLink({ host, port, transport = 'udp' }: TurnServer): Promise<Link> {
  if (transport === 'udp') {
    const socket: UdpSocket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    await new Promise<void>((resolve) => socket.connect(port, host, resolve));
    return {
      send: (data) => socket.send(data),
      listen: (listener, failed) => socket.on('message', listener).on('error', failed),
      end: () => socket.close(),
    };
  }
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opened: Socket =
      transport === 'tls'
        ? connectTls({ host, port, rejectUnauthorized: false }, () => resolve(opened))
        : connect(port, host, () => resolve(opened));
    opened.once('error', reject);
    opened.setTimeout(patience, () => opened.destroy(new Error(late)));
  });
  socket.setTimeout(0);
  return {
    send: (data) => socket.write(data),
    listen: (listener, failed) =>
      socket
        .on('data', listener)
        .on('error', failed)
        .on('close', () => failed(new Error('The TURN server ended the connection.'))),
    end: () => socket.destroy(),
  };
}

function encode(method: number, id: Buffer, list: [number, Buffer][], key?: Buffer): Buffer {
  const body = Buffer.concat(
    list.map(([type, value]) => {
      const header = Buffer.alloc(4);
      header.writeUInt16BE(type, 0);
      header.writeUInt16BE(value.length, 2);
      return Buffer.concat([header, value, Buffer.alloc(-value.length & 3)]);
    }),
  );
  const header = Buffer.alloc(8);
  header.writeUInt16BE(method, 0);
  // The length that is signed counts the signature.
  header.writeUInt16BE(body.length + (key ? 24 : 0), 2);
  cookie.copy(header, 4);
  const message = Buffer.concat([header, id, body]);
  if (!key) return message;
  const signature = createHmac('sha1', key).update(message).digest();
  return Buffer.concat([message, Buffer.from([0, attributes.integrity, 0, 20]), signature]);
}

function decode(message: Buffer): Answer {
  const found = new Map<number, Buffer>();
  for (let at = 20; at + 4 <= message.length; ) {
    const length = message.readUInt16BE(at + 2);
    found.set(message.readUInt16BE(at), message.subarray(at + 4, at + 4 + length));
    at += 4 + length + (-length & 3);
  }
  const failed = (message.readUInt16BE(0) & errorClass) === errorClass;
  const error = found.get(attributes.error);
  return { code: failed && error ? error[2] * 100 + error[3] : 0, attributes: found };
}

/** An address as the attributes have it, combined with cookie and transaction. */
function encodePeer({ address, port }: Peer, id: Buffer): Buffer {
  const bytes = addressBytes(address);
  const mask = Buffer.concat([cookie, id]);
  const header = Buffer.from([
    0,
    bytes.length === 4 ? 1 : 2,
    (port >> 8) ^ cookie[0],
    (port & 0xff) ^ cookie[1],
  ]);
  return Buffer.concat([header, bytes.map((byte, i) => byte ^ mask[i])]);
}

/** 4 or 16 bytes of an address in its usual notation; IPv6 may end in an IPv4 address. */
function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const [head, tail] = address.split('::').map((part) =>
    part.split(':').flatMap((group) => {
      if (group === '' || group.includes('.')) return group.split('.').filter(Boolean).map(Number);
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 0xff];
    }),
  );
  return Buffer.from([...head, ...Array(16 - head.length - (tail?.length ?? 0)).fill(0), ...(tail ?? [])]);
}
