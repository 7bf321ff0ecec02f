import { defineConfig } from 'vitest/config';

/** Unit and integration tests stand beside their source; what boots a whole lab is `*.e2e.test.ts`. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{lab,exercises,services,stack,scripts}/**/*.test.ts'],
          exclude: ['**/*.e2e.test.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['{lab,exercises,services,stack,scripts}/**/*.e2e.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
