import { flushCompileCache } from 'node:module'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Redis } from 'ioredis'
import ssh2 from 'ssh2'

/** What any server on these three libraries costs before it does anything. */
const redis = new Redis({ lazyConnect: true })
const ssh = new ssh2.Client()
const app = express()
app.get('/healthz', (_request, response) => {
  response.json({ redis: redis.status, ssh: ssh.listenerCount('ready') })
})
const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
// A server that listens on a TCP port has such an address.
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
// As the server does, so that both start from what was compiled before.
setTimeout(flushCompileCache, 300).unref()
