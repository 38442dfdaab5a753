import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results',
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    // A phone, held upright.
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 3,
    hasTouch: true,
    isMobile: true,
    launchOptions: {
      executablePath: '/usr/bin/chromium',
      // Its own sandbox does not work as root, and /dev/shm is small in a container.
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    },
  },
})
