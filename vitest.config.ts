import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

const limits = {
  testTimeout: 30_000,
  hookTimeout: 30_000,
  setupFiles: ['test/patience.ts'],
  // As `test/patience.ts` has it.
  expect: { poll: { timeout: 25_000 } },
}

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
          ...limits,
        },
      },
      {
        // What the UI decides without a browser. Runes hold their values here and effects do not run; what needs
        // them is tested end to end.
        plugins: [svelte({ configFile: false, compilerOptions: { runes: true } })],
        test: { name: 'ui', include: ['ui/src/**/*.test.ts'], ...limits },
      },
    ],
  },
})
