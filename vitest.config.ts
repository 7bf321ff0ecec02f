import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const folders = '{lab,exercises,services,stack,scripts}';
/** Where `.ci/run` wants a machine-readable report of each run. */
const reports = process.env.LAB_TEST_REPORTS;
/** Whole labs share two cores: one test file at a time. */
const wholeLab = { testTimeout: 300_000, hookTimeout: 180_000, fileParallelism: false };

/**
 * Unit and integration tests stand beside their source as `*.test.ts`. What boots a whole lab is `*.e2e.test.ts`, what
 * needs a Docker engine `*.docker.test.ts`, what opens a page in Chromium `*.browser.test.ts`.
 */
export default defineConfig({
  test: {
    reporters: ['default', './scripts/not-run-reporter.ts', ...(reports === undefined ? [] : ['json'])],
    ...(reports === undefined
      ? {}
      : { outputFile: { json: join(reports, `${Date.now()}-${process.pid}.json`) } }),
    projects: [
      {
        test: {
          name: 'unit',
          include: [`${folders}/**/*.test.ts`],
          exclude: ['**/*.{e2e,docker,browser}.test.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'e2e', include: [`${folders}/**/*.e2e.test.ts`], ...wholeLab } },
      { test: { name: 'docker', include: [`${folders}/**/*.docker.test.ts`], ...wholeLab } },
      { test: { name: 'browser', include: [`${folders}/**/*.browser.test.ts`], ...wholeLab } },
    ],
  },
});
