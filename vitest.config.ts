import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Tests start real servers, so two files at a time are enough for a small machine.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'node',
          include: ['app/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          pool: 'forks',
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
})
