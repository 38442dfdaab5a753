import { it } from 'vitest'
import { PveHost } from './pveHost.ts'

/** `it` with a Proxmox VE host of its own for each test. */
export const onPveHost = it.extend<{ host: PveHost }>({
  // vitest reads the fixtures that this one needs from the pattern of its first argument.
  // eslint-disable-next-line no-empty-pattern
  host: async ({}, use) => {
    const host = await PveHost.start()
    await use(host)
    await host.remove()
  },
})

/** What `status` tells, as an object. */
export const status = async (host: PveHost, request = 'status') => {
  const { stdout } = await host.request(request)
  return JSON.parse(stdout.split('\n')[0] ?? '')
}
/** The phases that an operation told, in order. */
export const phases = (stdout: string) =>
  [...stdout.matchAll(/^@phase (\w+) \S+Z$/gm)].map(([, name]) => name)
