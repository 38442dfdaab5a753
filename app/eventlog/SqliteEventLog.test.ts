import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { appendAt, none, readAll } from './conformance/logTools.ts'
import { testEventLog } from './conformance/testEventLog.ts'
import { SqliteEventLog } from './SqliteEventLog.ts'

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'breakglass-log-'))
}

testEventLog('SqliteEventLog', async () => {
  const folder = newFolder()
  const under = {
    log: new SqliteEventLog(folder),
    async restart() {
      await under.log.close()
      under.log = new SqliteEventLog(folder)
    },
    async lose() {
      await under.log.close()
      rmSync(join(folder, 'log.sqlite'))
      under.log = new SqliteEventLog(folder)
    },
    async close() {
      await under.log.close()
      rmSync(folder, { recursive: true })
    },
  }
  return under
})

describe('the file of SqliteEventLog', () => {
  const folders: string[] = []
  const folder = (): string => {
    const made = newFolder()
    folders.push(made)
    return made
  }
  afterEach(() => {
    for (const made of folders.splice(0)) rmSync(made, { recursive: true })
  })

  test('a second process is refused with a sentence that names the file', async () => {
    const dataDir = folder()
    const log = new SqliteEventLog(dataDir)
    const program = `
      const { SqliteEventLog } = await import(${JSON.stringify(new URL('SqliteEventLog.ts', import.meta.url).href)})
      try { new SqliteEventLog(process.argv[1]); console.log('opened') } catch (error) { console.log(error.code, error.message) }`
    const args = ['--input-type=module', '-e', program, dataDir]
    const second = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(second.stdout).toContain('log_unavailable')
    expect(second.stdout).toContain(`${join(dataDir, 'log.sqlite')} is in use by another process`)
    await log.close()
    const third = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(third.stdout).toBe('opened\n')
  })

  test('what a killed process had appended is there, text too', async () => {
    const dataDir = folder()
    const program = `
      const { SqliteEventLog } = await import(${JSON.stringify(new URL('SqliteEventLog.ts', import.meta.url).href)})
      const log = new SqliteEventLog(process.argv[1])
      const { batch } = await log.append('session:a', { epoch: '', seq: 0 }, [{ kind: 'user' }])
      await log.append('session:a', { epoch: batch.epoch, seq: 1 }, [{ kind: 'text' }], { relaxed: true })
      process.kill(process.pid, 'SIGKILL')`
    spawnSync(process.execPath, ['--input-type=module', '-e', program, dataDir])
    const log = new SqliteEventLog(dataDir)
    expect(await readAll(log, 'session:a')).toMatchObject([{ kind: 'user' }, { kind: 'text' }])
    await log.close()
  })

  test('a file that is no database is refused with a sentence', () => {
    const dataDir = folder()
    writeFileSync(join(dataDir, 'log.sqlite'), 'not a database '.repeat(1000))
    expect(() => new SqliteEventLog(dataDir)).toThrow(/log\.sqlite is not a log of Breakglass/)
  })

  test('a folder that cannot be made is refused with a sentence', () => {
    const dataDir = folder()
    writeFileSync(join(dataDir, 'file'), '')
    expect(() => new SqliteEventLog(join(dataDir, 'file', 'data'))).toThrow(
      /The log file .* cannot be used: /,
    )
  })

  test('a closed log answers log_unavailable', async () => {
    const log = new SqliteEventLog(folder())
    await log.close()
    await expect(log.append('session:a', none, [{ kind: 'user' }])).rejects.toMatchObject({
      code: 'log_unavailable',
    })
    await expect(log.page('session:a', 0, 1)).rejects.toMatchObject({ code: 'log_unavailable' })
  })

  test('a full disk is told, loses nothing that was stored, and is forgotten when there is room again', async (context) => {
    const disk = folder()
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', disk]).status !== 0) {
      context.skip('mounting a small disk needs root')
    }
    folders.splice(0)
    onTestFinished(() => {
      spawnSync('umount', ['-l', disk])
      rmSync(disk, { recursive: true })
    })
    const log = new SqliteEventLog(join(disk, 'data'))
    const ballast = join(disk, 'ballast')
    const at = await appendAt(log, 'session:a', none, [{ kind: 'user' }])
    writeFileSync(ballast, Buffer.alloc(800_000))
    const large = { kind: 'text', text: 'x'.repeat(400_000) }
    await expect(log.append('session:a', at, [large])).rejects.toThrow(/disk is full/)
    rmSync(ballast)
    await appendAt(log, 'session:a', at, [large])
    expect(await readAll(log, 'session:a')).toMatchObject([{ kind: 'user' }, { kind: 'text' }])
    await log.close()
  })
})
