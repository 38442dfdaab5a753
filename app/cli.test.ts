import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { parseTokenLine, tokenId, verifyToken } from '#app/http/tokenHash.ts'

const run = promisify(execFile)
const cli = (...args: string[]) => run(process.execPath, [resolve(import.meta.dirname, 'cli.ts'), ...args])

test('token create prints a token and its line, and nothing else', async () => {
  const { stdout, stderr } = await cli('token', 'create', 'phone')
  const [, token = '', hash = ''] = /^token=(\S+)\nhash=(\S+)\n$/.exec(stdout) ?? []
  const entry = parseTokenLine(hash)
  expect(entry).toMatchObject({ name: 'phone', id: tokenId(token) })
  expect(await verifyToken(entry?.phc ?? '', token)).toBe(true)
  expect(stderr).toBe('')
})

test('schema prints the JSON Schema of the file', async () => {
  expect(JSON.parse((await cli('schema')).stdout)).toHaveProperty('properties.hypervisors')
})

test.each([
  [[]],
  [['token']],
  [['token', 'create']],
  [['token', 'create', 'a b']],
  [['token', 'create', 'a', 'b']],
  [['help']],
])('what it does not know ends with how to call it: %j', async (args) => {
  await expect(cli(...args)).rejects.toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('NAME') as string,
  })
})
