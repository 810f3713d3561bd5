import { defineConfig } from 'vitest/config';

/**
 * A deployment or a browser may have to wait for an image to be built; what hangs is ended all the same. Playing takes
 * the time it takes and little of a processor, so files run side by side.
 */
const slow = { testTimeout: 180_000, hookTimeout: 900_000 };

export default defineConfig({
  test: {
    projects: [
      // Properties are computed for many inputs, which takes a busy machine its time.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      { test: { name: 'component', include: ['test/component/**/*.test.ts'] } },
      { test: { name: 'deploy', include: ['test/deploy/**/*.test.ts'], ...slow, maxWorkers: 2 } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...slow, maxWorkers: 3 } },
      './player',
    ],
  },
});
