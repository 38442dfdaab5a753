import { z } from 'zod'
import { AppError } from '#app/errors.ts'
import type { Alert, Host } from '#app/schema/fleet.ts'
import { describeAlerts } from './fleet/describeAlerts.ts'
import { describeGpus } from './fleet/describeGpus.ts'
import { describeHosts } from './fleet/describeHost.ts'
import { describeTmux } from './fleet/describeTmux.ts'
import { toText, type Line } from './fleet/toText.ts'
import { notRun } from './notRun.ts'
import type { Tool, ToolResult } from './Tool.ts'
import { unlessAborted } from './unlessAborted.ts'

const parameters = z.object({
  what: z
    .enum(['hosts', 'tmux', 'gpus', 'alerts'])
    .describe('hosts: how each machine is; tmux: tmux sessions; gpus: GPUs and who holds them; alerts.'),
  host: z.string().min(1).max(64).optional().describe('Only of this host of the fleet.'),
  search: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('Only lines with these words: a user, a name, a tag…'),
})
export type FleetInput = z.infer<typeof parameters>

export interface FleetToolDeps {
  /** Every host as last known. */
  hosts: () => Promise<Host[]>
  alerts: () => Promise<Alert[]>
  /** ms since 1970. */
  now?: () => number
}

const namesShown = 20
const titles = { hosts: 'hosts', tmux: 'tmux sessions', gpus: 'GPUs', alerts: 'alerts' }

/** What is known of the watched machines: read from the last polls, so it changes nothing and asks no machine. */
export function fleetTool({ hosts, alerts, now = Date.now }: FleetToolDeps): Tool<FleetInput> {
  const linesOf = async (what: FleetInput['what'], of: Host[], host: string | undefined): Promise<Line[]> => {
    switch (what) {
      case 'hosts':
        return describeHosts(of, now())
      case 'tmux':
        return describeTmux(of, now())
      case 'gpus':
        return describeGpus(of, now())
      case 'alerts': {
        const all = await alerts()
        return describeAlerts(host === undefined ? all : all.filter((one) => one.host === host), now())
      }
    }
  }
  const read = async ({ what, host, search }: FleetInput): Promise<ToolResult> => {
    const begun = Date.now()
    try {
      const all = await hosts()
      const of = host === undefined ? all : all.filter(({ name }) => name === host)
      if (host !== undefined && of.length === 0) return notRun('name', whyNoHost(host, all))
      const stdout = all.length === 0 ? noHosts : toText(titles[what], await linesOf(what, of, host), search)
      return { exitCode: 0, stdout, stderr: '', truncated: false, durationMs: Date.now() - begun }
    } catch (error) {
      if (error instanceof AppError) return notRun('name', error.message)
      throw error
    }
  }
  return {
    name: 'fleet',
    description:
      'What the watch over the fleet last saw: hosts (CPU, memory, disks, offline), tmux sessions (owner, detached for how long, GPU memory held), GPUs (memory, heat, processes and whose they are), alerts. Polled about every 30 s: for the state after a change, look at the machine itself.',
    parameters,
    timeoutMs: 20_000,
    prepare: (input) => ({
      action: `look at the fleet: ${titles[input.what]}${input.host === undefined ? '' : ` of ${JSON.stringify(input.host)}`}${input.search === undefined ? '' : ` with ${JSON.stringify(input.search)}`}`,
      target: '',
      // Polls are older than the change that they would have to prove.
      verdict: { type: 'read', observes: false },
      run: ({ signal }) =>
        unlessAborted(read(input), signal, () => notRun('cancelled', 'The look at the fleet was given up.')),
    }),
  }
}

const noHosts = 'No host is watched: `fleet.hosts` in the configuration is empty.\n'

function whyNoHost(host: string, all: Host[]): string {
  const names = all.slice(0, namesShown).map(({ name }) => name)
  const more = all.length - names.length
  const list =
    names.length === 0 ? '' : ` There are: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`
  return `There is no host ${JSON.stringify(host)}.${list}`
}
