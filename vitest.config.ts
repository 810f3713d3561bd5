import { defineConfig } from 'vitest/config';

/** A deployment or a browser may have to wait for an image to be built; what hangs is ended all the same. */
const slow = { testTimeout: 180_000, hookTimeout: 900_000 };

/**
 * Whenever a container comes or goes, the browser breaks off what it loads (ERR_NETWORK_CHANGED), a page too: so files
 * run one after another, and a test has a second try.
 */
const browsers = { fileParallelism: false, retry: 1 };

/** Two files share an engine and the machine: a step may take longer than it is given, and has a second try. */
const deployments = { maxWorkers: 2, retry: 1 };

export default defineConfig({
  test: {
    projects: [
      // Properties are computed for many inputs, which takes a busy machine its time.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      { test: { name: 'component', include: ['test/component/**/*.test.ts'] } },
      { test: { name: 'deploy', include: ['test/deploy/**/*.test.ts'], ...slow, ...deployments } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...slow, ...browsers } },
      './player',
    ],
  },
});
