/**
 * Keeps test files that run side by side apart, of one run or of several: each takes a slot, and with it stacks and
 * ports that no other uses. A listening socket holds it, so that it is free again however its process ends.
 */
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';

const slots = 4;
const firstPort = 31990;

/** This process's slot, from 0; waited for while all are taken. */
export const slot: number = await takeSlot();

async function takeSlot(): Promise<number> {
  for (;;) {
    for (let candidate = 0; candidate < slots; candidate++) if (await hold(candidate)) return candidate;
    await setTimeout(500);
  }
}

function hold(candidate: number): Promise<boolean> {
  const server = createServer().unref();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(firstPort + candidate, '127.0.0.1', () => resolve(true));
  });
}
