import { dirname } from 'node:path'
import { configSchema, type Config } from '#app/schema/config.ts'
import { ConfigError, type ConfigProblem } from './ConfigError.ts'
import { crossCheck, findWarnings } from './crossCheck.ts'
import { formatAddress, isLoopbackHost } from './listenAddress.ts'
import { readConfigFile } from './readConfigFile.ts'
import { readEnvironment, type Env, type Environment } from './readEnvironment.ts'
import { readProviders, type ModelEntry } from './readProviders.ts'
import { resolvePath } from './resolvePath.ts'

/** All that the process was told, checked; paths are absolute. */
export interface Settings extends Environment {
  /** True without BREAKGLASS_CONFIG: the simulated hypervisor and its VM, labelled DEMO. */
  demo: boolean
  /** True when this machine itself is the target `local`: never beside a real key, never off loopback. */
  localTarget: boolean
  config: Config
  /** Models in the order in which they are tried; none: the runbook alone. */
  providers: ModelEntry[]
  /** Sentences for the operator: what will start but not work, or not safely. */
  warnings: string[]
}

export interface LoadOptions {
  env: Env
  /** Where relative paths of variables begin; those in the YAML begin at its own folder. */
  cwd: string
}

/** Reads the environment and the YAML file that it names. Throws a `ConfigError` with all that is wrong. */
export function loadConfig({ env, cwd }: LoadOptions): Settings {
  const problems: ConfigProblem[] = []
  const environment = readEnvironment(env, cwd, problems)
  if (!isLoopbackHost(environment.listen.host) && environment.tokenFile === undefined)
    problems.push({
      path: 'BREAKGLASS_LISTEN',
      found: `${formatAddress(environment.listen)}, which others can reach, and no identity source`,
      allowed:
        'a loopback address such as 127.0.0.1:8080, or BREAKGLASS_TOKEN_FILE beside it: the hash line that ' +
        '`npm run -s breakglass -- token create NAME` prints, in a file',
    })
  const config = readConfig(environment, problems)
  if (config === undefined || problems.length > 0) throw new ConfigError(problems)
  return settingsOf(environment, config)
}

/** Reads the YAML file again, for the environment that the process was started with. Throws as `loadConfig`. */
export function reloadConfig(environment: Environment): Settings {
  const problems: ConfigProblem[] = []
  const config = readConfig(environment, problems)
  if (config === undefined || problems.length > 0) throw new ConfigError(problems)
  return settingsOf(environment, config)
}

function readConfig({ configPath, configFile }: Environment, problems: ConfigProblem[]): Config | undefined {
  if (configPath === undefined || configFile === undefined) return withPaths(configSchema.parse({}), '/')
  const file = readConfigFile(configPath, configFile, problems)
  if (file === undefined) return undefined
  const config = withPaths(file.config, dirname(configPath))
  for (const { keys, ...finding } of crossCheck(config)) {
    const line = file.lineOf(keys)
    problems.push({ file: configFile, ...(line !== undefined && { line }), ...finding })
  }
  return config
}

function settingsOf(environment: Environment, config: Config): Settings {
  const demo = environment.configFile === undefined
  const loopback = isLoopbackHost(environment.listen.host)
  const { providers, warnings: unused } = readProviders(config.providers, environment.models)
  const warnings = [...findWarnings(config, environment), ...unused]
  if (!loopback)
    warnings.push(
      `${formatAddress(environment.listen)} can be reached by others and has no TLS: tokens cross the network ` +
        'readable. Put a proxy with TLS in front of it.',
    )
  if (!demo && isIdle(config))
    warnings.push(`${environment.configFile} names neither a vm nor a target nor a host of the fleet.`)
  return {
    ...environment,
    demo,
    localTarget: demo && loopback && environment.sshKeyFile === undefined,
    config,
    providers,
    warnings,
  }
}

function isIdle({ vms, targets, fleet }: Config): boolean {
  return [vms, targets, fleet?.hosts ?? {}].every((record) => Object.keys(record).length === 0)
}

/** Absolute paths, and records without a prototype: a name that comes over the wire finds only what was configured. */
function withPaths(config: Config, base: string): Config {
  const withKey = <T extends { key_file?: string | undefined }>(one: T): T =>
    one.key_file === undefined ? one : { ...one, key_file: resolvePath(base, one.key_file) }
  const each = <T>(record: Record<string, T>, change: (one: T) => T): Record<string, T> =>
    Object.entries(record).reduce<Record<string, T>>(
      (changed, [name, one]) => Object.assign(changed, { [name]: change(one) }),
      Object.create(null) as Record<string, T>,
    )
  const { providers, notify, fleet, agents_dir: agentsDir } = config
  const mail = notify?.mail
  return {
    ...config,
    hypervisors: each(config.hypervisors, (one) => one),
    vms: each(config.vms, withKey),
    targets: each(config.targets, withKey),
    ...(fleet !== undefined && { fleet: { ...withKey(fleet), hosts: each(fleet.hosts, withKey) } }),
    ...(providers !== undefined && { providers: providers.map(withKey) }),
    ...(mail?.password_file !== undefined && {
      notify: { ...notify, mail: { ...mail, password_file: resolvePath(base, mail.password_file) } },
    }),
    knowledge: config.knowledge.map((folder) => resolvePath(base, folder)),
    ...(agentsDir !== undefined && { agents_dir: resolvePath(base, agentsDir) }),
  }
}
