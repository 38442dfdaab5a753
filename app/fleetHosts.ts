import { hostname } from 'node:os'
import type { Settings } from '#app/config/loadConfig.ts'
import type { FleetHost } from '#app/fleet/FleetHost.ts'
import { fleetSchema, type FleetHostConfig } from '#app/schema/config.ts'
import { withDefaults } from '#app/schema/thresholds.ts'
import { keyOf, localTarget } from './targets.ts'

/**
 * The fleet without configuration: this machine, probed without SSH. What is shared with other processes has it by its own
 * name, since theirs may run on other machines.
 */
function localName({ redisUrl }: Settings): string {
  const name = hostname()
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 63)
  return redisUrl !== undefined && /^[A-Za-z0-9]/.test(name) ? name : 'local'
}

/** The machines of the fleet with all defaults applied, in the order of the configuration. */
export function fleetHosts(settings: Settings): FleetHost[] {
  const fleet = settings.config.fleet ?? fleetSchema.parse({})
  const common = {
    legacyAfterMs: fleet.legacy_after_h * 3_600_000,
    intervalMs: fleet.interval_s * 1000,
    // Whoever looks never makes it slower.
    watchedIntervalMs: Math.min(fleet.watched_interval_s, fleet.interval_s) * 1000,
  }
  if (settings.demo)
    return [
      {
        ...{
          name: localName(settings),
          address: hostname(),
          destination: null,
          groups: [],
          tags: [],
          hasGpu: 'auto',
        },
        ...(settings.localTarget && { target: localTarget }),
        thresholds: withDefaults(),
        ...common,
      },
    ]
  return Object.entries(fleet.hosts).map(([name, host]) => ({
    name,
    address: host.host,
    destination: {
      ...{ name, host: host.host, port: host.port, user: host.user, hostKeys: host.host_keys },
      key: keyOf(settings, host.key_file ?? fleet.key_file),
    },
    ...targetOf(host),
    groups: host.groups,
    tags: host.tags,
    hasGpu: host.has_gpu,
    thresholds: withDefaults(fleet.thresholds, host.thresholds),
    ...common,
  }))
}

function targetOf({ target }: FleetHostConfig): Pick<FleetHost, 'target'> {
  return target === undefined ? {} : { target }
}
