import { readFileSync } from 'node:fs'
import { oneOf } from '#app/schema/describeIssue.ts'
import type { ConfigProblem } from './ConfigError.ts'
import { printablePath, whyFailed, whyUnreadable } from './fileAccess.ts'
import { formatAddress, parseAddress, type Address } from './listenAddress.ts'
import { modelVariables, type ModelEnvironment, type ModelKind } from './readProviders.ts'
import { resolvePath } from './resolvePath.ts'
import { Secret } from './Secret.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** What the environment says, parsed; paths are absolute. */
export interface Environment {
  /** As it was given, for messages; `configPath` is where it lies. */
  configFile?: string
  configPath?: string
  listen: Address
  opsListen?: Address
  dataDir: string
  redisUrl?: string
  sshKeyFile?: string
  sshAgent?: string
  tokenFile?: string
  models: Record<ModelKind, ModelEnvironment>
}

const known = [
  'BREAKGLASS_CONFIG',
  'BREAKGLASS_DATA',
  'BREAKGLASS_LISTEN',
  'BREAKGLASS_OPS_LISTEN',
  'BREAKGLASS_SSH_KEY_FILE',
  'BREAKGLASS_TOKEN_FILE',
]
const redisSchemes = ['redis:', 'rediss:', 'redis+sentinel:', 'redis+cluster:']

/** Reads and checks every variable; what is wrong is added to `problems`, all of it at once. */
export function readEnvironment(env: Env, cwd: string, problems: ConfigProblem[]): Environment {
  refuseUnknown(env, problems)
  const given = (name: string): string | undefined => {
    if (env[name] !== '') return env[name]
    problems.push({ path: name, found: 'an empty text', allowed: 'a value, or no variable' })
    return undefined
  }
  const file = (name: string, content: string): string | undefined => {
    const value = given(name)
    if (value === undefined) return undefined
    const path = resolvePath(cwd, value)
    const why = whyUnreadable(path)
    if (why) problems.push({ path: name, found: `${printablePath(value)}, which ${why}`, allowed: content })
    return path
  }
  const address = (name: string): Address | undefined => {
    const value = given(name)
    const parsed = value === undefined ? undefined : parseAddress(value)
    if (value !== undefined && parsed === undefined)
      problems.push({
        path: name,
        found: JSON.stringify(value.slice(0, 80)),
        allowed: 'host:port, such as 127.0.0.1:8080 or [::]:8080',
      })
    return parsed
  }

  const listen = address('BREAKGLASS_LISTEN') ?? { host: '127.0.0.1', port: 8080 }
  const opsListen = address('BREAKGLASS_OPS_LISTEN')
  if (opsListen && opsListen.port !== 0 && formatAddress(opsListen) === formatAddress(listen))
    problems.push({
      path: 'BREAKGLASS_OPS_LISTEN',
      found: `${formatAddress(opsListen)}, which BREAKGLASS_LISTEN has`,
      allowed: 'another port, or no variable (the main listener then answers)',
    })
  const configFile = given('BREAKGLASS_CONFIG')
  const redisUrl = readRedisUrl(env, cwd, given, problems)
  const sshKeyFile = file('BREAKGLASS_SSH_KEY_FILE', 'a readable file with a private key')
  const tokenFile = file('BREAKGLASS_TOKEN_FILE', 'a readable file with a token hash on each line')
  return {
    ...(configFile !== undefined && { configFile, configPath: resolvePath(cwd, configFile) }),
    listen,
    ...(opsListen && { opsListen }),
    dataDir: resolvePath(cwd, given('BREAKGLASS_DATA') ?? './data'),
    ...(redisUrl !== undefined && { redisUrl }),
    ...(sshKeyFile !== undefined && { sshKeyFile }),
    ...(env.SSH_AUTH_SOCK && { sshAgent: env.SSH_AUTH_SOCK }),
    ...(tokenFile !== undefined && { tokenFile }),
    models: {
      anthropic: readModels('anthropic', env, cwd, problems),
      openai: readModels('openai', env, cwd, problems),
    },
  }
}

/**
 * ANTHROPIC_API_KEY, OPENAI_API_KEY, either with _FILE, and ANTHROPIC_BASE_URL, OPENAI_BASE_URL. They belong to other
 * programs too: an empty one counts as none.
 */
function readModels(kind: ModelKind, env: Env, cwd: string, problems: ConfigProblem[]): ModelEnvironment {
  const name = `${modelVariables[kind]}_API_KEY`
  const key = env[name]?.trim()
  const keyFile = env[`${name}_FILE`]
  if (key && keyFile)
    problems.push({ path: name, found: `${name}_FILE beside it`, allowed: 'one of the two' })
  const baseUrl = env[`${modelVariables[kind]}_BASE_URL`]
  if (baseUrl && !/^https?:$/.test(URL.canParse(baseUrl) ? new URL(baseUrl).protocol : ''))
    problems.push({
      path: `${modelVariables[kind]}_BASE_URL`,
      found: 'no URL of a web server',
      allowed: 'http://… or https://…',
    })
  return {
    ...(baseUrl && { baseUrl }),
    ...(key && { key: new Secret(key) }),
    ...(keyFile && { keyFile: resolvePath(cwd, keyFile) }),
  }
}

function refuseUnknown(env: Env, problems: ConfigProblem[]): void {
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('BREAKGLASS_') || known.includes(name) || isServiceLink(name, value ?? '')) continue
    problems.push({ path: name, found: 'an unknown variable', allowed: oneOf(known) })
  }
}

/** Kubernetes tells every container the addresses of the Services beside it, ours (`breakglass`) included. */
function isServiceLink(name: string, value: string): boolean {
  return (
    /_SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?$/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value))
  )
}

/** REDIS_URL or the file that REDIS_URL_FILE names. Its value may hold a password and is never repeated. */
function readRedisUrl(
  env: Env,
  cwd: string,
  given: (name: string) => string | undefined,
  problems: ConfigProblem[],
): string | undefined {
  const path = given('REDIS_URL_FILE')
  let url = given('REDIS_URL')
  let name = 'REDIS_URL'
  if (path !== undefined) {
    if (url !== undefined)
      problems.push({ path: 'REDIS_URL', found: 'REDIS_URL_FILE beside it', allowed: 'one of the two' })
    name = 'REDIS_URL_FILE'
    try {
      url = readFileSync(resolvePath(cwd, path), 'utf8').trim()
    } catch (error) {
      const found = `${printablePath(path)}, which ${whyFailed(error)}`
      problems.push({ path: name, found, allowed: 'a readable file that holds the URL' })
      return undefined
    }
  }
  if (url === undefined) return undefined
  const scheme = URL.canParse(url) ? new URL(url).protocol : undefined
  if (scheme !== undefined && redisSchemes.includes(scheme)) return url
  // A sentinel or cluster URL lists several host:port with commas, which a plain URL parser may refuse.
  if (redisSchemes.slice(2).some((one) => url.startsWith(`${one}//`) && url.length > one.length + 2))
    return url
  const found = scheme === undefined ? 'no URL' : `a URL that begins with ${scheme.slice(0, 20)}`
  problems.push({ path: name, found, allowed: oneOf(redisSchemes.map((one) => `${one}//…`)) })
  return undefined
}
