import type { FleetHost } from '#app/fleet/FleetHost.ts'
import { FleetService } from '#app/fleet/FleetService.ts'
import { openStore } from '#app/history/openStore.ts'
import { openShares } from '#app/lease/openShares.ts'
import { SshPool } from '#app/ssh/SshPool.ts'

/**
 * A process of its own that polls its share of a fleet over Redis: `node fleetReplica.ts NAME REDIS_URL`. Its parent sends
 * the hosts, and then what it asks; what it polls it tells as `{polled, status, boot, cpu}`.
 */
const [replica = '', redisUrl = ''] = process.argv.slice(2)
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }

const store = await openStore({ redisUrl, dataDir: '/nowhere', logger: quiet, everyMs: 100 })
const shares = await openShares({ redisUrl, replica, what: 'fleet' })
const fleet = new FleetService({
  pool: new SshPool(),
  localProbe: { exec: () => Promise.reject(new Error('there is no local host')) },
  ...{ documents: store.documents, history: store.history, shares, logger: quiet },
  onPoll: (host, after, before) => {
    process.send?.({
      ...{ polled: host.name, status: after.status, cpu: after.cpuPercent },
      ...{ first: before === null, attached: after.tmux[0]?.lastSeenAttached ?? null },
    })
  },
})

type Message = { hosts: FleetHost[] } | { watch: string[] } | { ask: number }
process.on('message', (message: Message) => {
  if ('hosts' in message) fleet.configure(message.hosts)
  else if ('watch' in message) fleet.watch(message.watch)
  else void fleet.hosts().then((hosts) => process.send?.({ answer: message.ask, hosts }))
})
process.once('disconnect', () => process.exit())
process.once('SIGTERM', () => {
  void fleet
    .close()
    .then(() => store.close())
    .then(() => process.exit())
})
fleet.start()
process.send?.({ ready: true })
