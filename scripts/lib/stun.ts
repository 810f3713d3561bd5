/** Asks a STUN server for this machine's address (RFC 5389), to know whether it answers. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';

const magicCookie = 0x2112a442;
const bindingRequest = 0x0001;
const bindingResponse = 0x0101;

/** Whether a binding request is answered within `timeout` ms; asked three times, as UDP may lose one. */
export async function stunAnswers(host: string, port: number, timeout = 2000): Promise<boolean> {
  const request = Buffer.alloc(20);
  request.writeUInt16BE(bindingRequest, 0);
  request.writeUInt32BE(magicCookie, 4);
  randomBytes(12).copy(request, 8);
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  let repeat: NodeJS.Timeout | undefined;
  let giveUp: NodeJS.Timeout | undefined;
  try {
    return await new Promise<boolean>((resolve) => {
      socket.on('error', () => resolve(false));
      socket.on('message', (message) => {
        if (
          message.length >= 20 &&
          message.readUInt16BE(0) === bindingResponse &&
          message.subarray(8, 20).equals(request.subarray(8))
        ) {
          resolve(true);
        }
      });
      const send = () => socket.send(request, port, host, (error) => error && resolve(false));
      send();
      repeat = setInterval(send, timeout / 3);
      giveUp = setTimeout(() => resolve(false), timeout);
    });
  } finally {
    clearInterval(repeat);
    clearTimeout(giveUp);
    socket.close();
  }
}
