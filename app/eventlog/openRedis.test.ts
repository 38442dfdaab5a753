import { Cluster, Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { openRedis } from './openRedis.ts'

function open(url: string) {
  const client = openRedis(url)
  onTestFinished(() => client.disconnect())
  return client
}

test('a redis:// URL names one server', () => {
  expect(open('redis://ops:p%40ss@127.0.0.1:1/3').options).toMatchObject({
    host: '127.0.0.1',
    port: 1,
    db: 3,
    username: 'ops',
    password: 'p@ss',
  })
  expect(open('rediss://127.0.0.1:1')).toBeInstanceOf(Redis)
})

test('a redis+sentinel:// URL names Sentinels, the master and the database', () => {
  expect(open('redis+sentinel://ops:p%40ss@127.0.0.1:1,[::1],localhost:2/main/4').options).toMatchObject({
    sentinels: [
      { host: '127.0.0.1', port: 1 },
      { host: '::1', port: 26379 },
      { host: 'localhost', port: 2 },
    ],
    name: 'main',
    db: 4,
    username: 'ops',
    password: 'p@ss',
    sentinelPassword: 'p@ss',
  })
})

test('a redis+cluster:// URL names some of the nodes', () => {
  const client = open('redis+cluster://:p%3Aw@127.0.0.1:1,127.0.0.1:2')
  expect(client).toBeInstanceOf(Cluster)
  expect(client.options).toMatchObject({ redisOptions: { password: 'p:w' } })
})

test.each([
  ['http://:hunter2@host', 'must begin with redis://'],
  ['redis://:hunter2@host:port', 'is not a URL'],
  ['redis+sentinel://:hunter2@host:1', 'names no master'],
  ['redis+sentinel://:hunter2@host:1/main/zero', 'has a database that is no number'],
  ['redis+sentinel://:hunter2@host:many/main', 'has a host that cannot be read'],
  ['redis+cluster://:hunter2%@host', 'has a "%" in its credentials'],
])('%s is refused with a sentence that does not repeat the password', (url, sentence) => {
  expect(() => open(url)).toThrow(sentence)
  expect(() => open(url)).toThrow(/^REDIS_URL (?!.*hunter2)/)
})
