/**
 * Keeps test runs on one machine apart: each takes a slot, and with it stacks and ports that no other run uses. A
 * listening socket holds it, so that it is free again however a run ends.
 */
import { createServer } from 'node:net';
import type { TestProject } from 'vitest/node';

const slots = 4;
const firstPort = 31990;

declare module 'vitest' {
  interface ProvidedContext {
    slot: number;
  }
}

/** Of a vitest project: takes a slot before its tests and gives it back after them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  for (let slot = 0; slot < slots; slot++) {
    const server = createServer();
    const taken = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(firstPort + slot, '127.0.0.1', () => resolve(true));
    });
    if (!taken) continue;
    project.provide('slot', slot);
    return () => new Promise((resolve) => server.close(() => resolve()));
  }
  throw new Error(
    `All ${slots} slots for test runs are taken (TCP ports from ${firstPort} on 127.0.0.1); wait for a run to end.`,
  );
}
