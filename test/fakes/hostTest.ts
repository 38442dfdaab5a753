import { it } from 'vitest'
import { hostScript, type HostScript } from './hostScript.ts'

/** `it` with a `host` of its own for each test, so that tests can wait for their operations side by side. */
export const onHost = (scriptsFolder?: () => string) =>
  it.extend<{ host: HostScript }>({
    // vitest reads the fixtures that this one needs from the pattern of its first argument.
    // eslint-disable-next-line no-empty-pattern
    host: async ({}, use) => {
      const host = await hostScript(scriptsFolder?.())
      await use(host)
      await host.remove()
    },
  })
