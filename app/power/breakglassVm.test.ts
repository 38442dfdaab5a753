import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { HostScript } from '../../test/fakes/hostScript.ts'
import { onHost } from '../../test/fakes/hostTest.ts'

const op = '0123456789abcdef0123456789abcdef'

describe.concurrent('status', { timeout: 90_000 }, () => {
  const it = onHost()
  const status = async (host: HostScript, command = 'status') => {
    const { stdout, ...rest } = await host.request(command)
    return { ...rest, found: JSON.parse(stdout.split('\n')[0] ?? '') }
  }

  it('tells a running VM whose monitor answers', async ({ host }) => {
    const { code, found, end } = await status(host)
    expect(code).toBe(0)
    expect(found).toMatchObject({ state: 'running', qmp: 'answers', wedged: false, locked: null, busy: null })
    expect(end).toMatchObject({ verb: 'status', exit_code: 0, outcome: 'done' })
  })

  it('calls a VM wedged, with evidence, only after its monitor was silent twice', async ({ host }) => {
    await writeFile(join(host.vm, 'wedge'), '')
    const { code, found } = await status(host)
    expect(code).toBe(0)
    expect(found).toMatchObject({ state: 'running', qmp: 'silent', wedged: true })
    expect(found.evidence).toContain('running-qemu')
    expect((await host.calls()).filter((call) => call.startsWith('status'))).toHaveLength(2)
  })

  it('names a configuration lock', async ({ host }) => {
    await writeFile(join(host.vm, 'lock'), 'backup\n')
    expect((await status(host)).found).toMatchObject({ locked: 'backup', state: 'running' })
  })

  it.for<[string, object]>([
    ['io-error', { state: 'paused', evidence: 'QEMU paused the VM: io-error' }],
    ['prelaunch', { state: 'paused', evidence: null }],
    ['"\\nonsense', { state: 'unknown', evidence: 'qm status calls it: "\\nonsense' }],
  ])('translates what QEMU calls %s', async ([word, expected], { host }) => {
    await host.replaceQm(
      `#!/bin/sh\nprintf '%s\\n' 'pid: 4200001' 'qmpstatus: ${word}' 'running-qemu: 9' 'status: running'\n`,
    )
    expect((await status(host)).found).toMatchObject(expected)
  })

  it('fails with the words of qm when that cannot say', async ({ host }) => {
    await host.replaceQm("#!/bin/sh\necho 'ipcc_send_rec[1] failed: Connection refused' >&2\nexit 111\n")
    const { code, found } = await status(host)
    expect(code).toBe(70)
    expect(found.state).toBe('unknown')
    expect(found.evidence).toContain('ipcc_send_rec[1] failed: Connection refused')
  })

  it('gives up on a qm that hangs', async ({ host }) => {
    await host.replaceQm('#!/bin/sh\nexec sleep 60\n')
    const { code, found } = await status(host)
    expect(code).toBe(70)
    expect(found).toMatchObject({ state: 'unknown', evidence: 'qm status failed: no answer in time' })
  })

  it('tells how an operation ended, and never runs one', async ({ host }) => {
    expect((await status(host, `status ${op}`)).found.operation).toBeNull()
    await host.request(`cycle ${op}`)
    const before = await host.calls()
    const { found } = await status(host, `status ${op}`)
    expect(found.operation).toMatchObject({ op, verb: 'cycle', outcome: 'done', exit_code: 0 })
    const after = (await host.calls()).slice(before.length)
    expect(after.filter((call) => /^(stop|start|reset) /.test(call))).toEqual([])
  })
})

describe('forensics', () => {
  const it = onHost()
  it('reports what qm and /proc tell, without secrets, and names what did not end', async ({ host }) => {
    await host.replaceQm(`#!/bin/sh
case $1 in
  status) printf 'pid: %s\\nqmpstatus: running\\nstatus: running\\n' ${process.pid} ;;
  config) printf 'cipassword: hunter2\\nargs: -secret hunter2\\nname: x\\n' ;;
  pending) echo 'cur cipassword: hunter2'; exec sleep 60 ;;
esac
`)
    const { code, stdout, end } = await host.request('forensics')
    expect(code).toBe(0)
    expect(end).toMatchObject({ verb: 'forensics', outcome: 'done' })
    expect(stdout).toContain('the monitor of QEMU does not answer')
    expect(stdout).toContain('cipassword: [redacted]')
    expect(stdout).toContain('name: x')
    expect(stdout).toContain(`/proc/${process.pid}/wchan`)
    expect(stdout).toContain('== pending (no end within 5 s)')
    expect(stdout).not.toContain('hunter2')
    expect(stdout.length).toBeLessThan(256 * 1024)
  })
})
