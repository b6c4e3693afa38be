import { defineConfig } from 'vitest/config';

// Without 'import': Node itself decides for packages outside the house, and CommonJS must not be handed an ES module.
const conditions = ['@innkeeper/source', 'node'];
const resolve = { conditions };
const ssr = { resolve: { conditions } };

/** Files of the integration suite that run elsewhere at the same time (test/run.js). */
const elsewhere = process.env.INNKEEPER_TEST_WITHOUT?.split(' ') ?? [];

/** `unit` needs nothing but Node, `lab` brings a machine of its own; the others need one that `npm run up` has set up. */
export default defineConfig({
  test: {
    // graphile-worker lets go of a job's end that it cannot write; the program itself passes over it as well (main.ts).
    onUnhandledError: (error) =>
      !(error.stack?.includes('graphile-worker') === true && /ENOENT|ECONN|terminat/.test(error.message)),
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: 'unit',
          include: ['{packages,services,infra}/**/*.test.ts', 'test/{house,placement}/**/*.test.ts'],
          exclude: ['**/*.integration.test.ts', '**/node_modules/**', '**/dist/**'],
          // To load everything anew for each file is four fifths of the work.
          isolate: false,
          testTimeout: 30_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'integration',
          include: [
            '{packages,services,infra}/**/*.integration.test.ts',
            'test/integration/**/*.test.ts',
            'test/conformance/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', '**/dist/**', ...elsewhere],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'main-job',
          include: ['test/main-job/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          globalSetup: ['test/lab/global-setup.ts'],
          // Each file has a machine of its own, and its worker only waits for it.
          maxWorkers: 2,
          testTimeout: 1_800_000,
          hookTimeout: 3_600_000,
        },
      },
    ],
  },
});
