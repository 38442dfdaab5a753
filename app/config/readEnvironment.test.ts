import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeConfigFolder, type ConfigFolder } from '../../test/fakes/configFolder.ts'

let folder: ConfigFolder
beforeEach(async () => {
  folder = await makeConfigFolder()
})
afterEach(() => folder.remove())

const wrongVariables: [what: string, env: Record<string, string>, told: string[]][] = [
  [
    'an unknown variable',
    { BREAKGLASS_LISTN: 'x' },
    ['BREAKGLASS_LISTN: found an unknown variable', 'BREAKGLASS_LISTEN,'],
  ],
  ['a variable that comes later', { BREAKGLASS_ROLE: 'all' }, ['BREAKGLASS_ROLE: found an unknown']],
  ['a port in its own variable', { BREAKGLASS_PORT: '8080' }, ['BREAKGLASS_PORT: found an unknown']],
  ['an empty variable', { BREAKGLASS_TOKEN_FILE: '' }, ['BREAKGLASS_TOKEN_FILE: found an empty text']],
  ['a port alone', { BREAKGLASS_LISTEN: '8080' }, ['BREAKGLASS_LISTEN: found "8080"', 'host:port']],
  ['no port', { BREAKGLASS_LISTEN: 'localhost' }, ['host:port']],
  ['a port beyond the last', { BREAKGLASS_LISTEN: '127.0.0.1:65536' }, ['host:port']],
  ['IPv6 without brackets', { BREAKGLASS_LISTEN: '::1:8080' }, ['[::]:8080']],
  ['a URL', { BREAKGLASS_LISTEN: 'http://127.0.0.1:8080' }, ['host:port']],
  [
    'an address that others reach, and no token',
    { BREAKGLASS_LISTEN: '0.0.0.0:8080' },
    ['BREAKGLASS_LISTEN: found 0.0.0.0:8080', 'BREAKGLASS_TOKEN_FILE', 'token create NAME'],
  ],
  [
    'all IPv6 addresses, and no token',
    { BREAKGLASS_LISTEN: '[::]:8080' },
    ['[::]:8080, which others can reach'],
  ],
  ['a name, and no token', { BREAKGLASS_LISTEN: 'localhost.example:80' }, ['which others can reach']],
  [
    'one address for two listeners',
    { BREAKGLASS_OPS_LISTEN: '127.0.0.1:8080' },
    ['BREAKGLASS_OPS_LISTEN', 'another port'],
  ],
  ['no file of tokens', { BREAKGLASS_TOKEN_FILE: 'none.txt' }, ['"none.txt", which does not exist']],
  [
    'a token in place of its file',
    { BREAKGLASS_TOKEN_FILE: 'bg_0_hunter2' },
    ['BREAKGLASS_TOKEN_FILE: found something that does not look like a path'],
  ],
  [
    'a key in place of its file',
    { BREAKGLASS_SSH_KEY_FILE: '-----BEGIN KEY-----\nhunter2' },
    ['BREAKGLASS_SSH_KEY_FILE: found something that does not'],
  ],
  ['a folder for a file', { BREAKGLASS_SSH_KEY_FILE: './keys' }, ['"./keys", which is a folder']],
  [
    'no configuration file',
    { BREAKGLASS_CONFIG: 'none.yaml' },
    ['BREAKGLASS_CONFIG: found "none.yaml", which does not exist'],
  ],
  ['a folder as configuration', { BREAKGLASS_CONFIG: './keys' }, ['which is a folder']],
  [
    'an unknown kind of Redis',
    { REDIS_URL: 'http://u:hunter2@h' },
    ['REDIS_URL: found a URL that begins with http:', 'redis://'],
  ],
  ['no URL of Redis', { REDIS_URL: 'hunter2' }, ['REDIS_URL: found no URL']],
  [
    'two URLs of Redis',
    { REDIS_URL: 'redis://h', REDIS_URL_FILE: 'tokens' },
    ['REDIS_URL: found REDIS_URL_FILE beside it'],
  ],
  [
    'a key beside its file',
    { OPENAI_API_KEY: 'hunter2', OPENAI_API_KEY_FILE: 'tokens' },
    ['OPENAI_API_KEY: found OPENAI_API_KEY_FILE beside it; allowed: one of the two'],
  ],
  [
    'an address that is none',
    { ANTHROPIC_BASE_URL: 'hunter2' },
    ['ANTHROPIC_BASE_URL: found no URL of a web server', 'https://'],
  ],
  [
    'an address of another protocol',
    { OPENAI_BASE_URL: 'ftp://u:hunter2@h' },
    ['OPENAI_BASE_URL: found no URL'],
  ],
  [
    'no file with the URL',
    { REDIS_URL_FILE: './none' },
    ['REDIS_URL_FILE: found "./none", which does not exist'],
  ],
]

test.each(wrongVariables)('%s is refused in a sentence', async (_what, env, told) => {
  const { message } = await folder.refusal(undefined, env)
  for (const part of told) expect(message).toContain(part)
  expect(message).not.toContain('hunter2')
})
