import { describe, expect, it } from 'vitest'
import { CommandOutput } from './CommandOutput.ts'

describe('command output', () => {
  it('puts a character together that was split between pieces', () => {
    const seen: string[] = []
    const output = new CommandOutput({ maxOutputBytes: 100, onOutput: (_, text) => void seen.push(text) })
    for (const byte of Buffer.from('ä€🔥')) void output.add('stdout', Buffer.from([byte]))
    expect(output.result(0, 0).stdout).toBe('ä€🔥')
    expect(seen).toEqual(['ä', '€', '🔥'])
  })

  it('keeps the streams apart', () => {
    const output = new CommandOutput({ maxOutputBytes: 100 })
    void output.add('stdout', Buffer.from('out'))
    void output.add('stderr', Buffer.from('err'))
    expect(output.result(0, 0)).toMatchObject({ stdout: 'out', stderr: 'err', truncated: false })
  })

  it('keeps exactly the limit, drops the rest and says so, and tells all of it piece by piece', () => {
    let told = 0
    const output = new CommandOutput({
      maxOutputBytes: 10_000,
      onOutput: (_, text) => void (told += text.length),
    })
    for (let i = 0; i < 7; i += 1) void output.add('stdout', Buffer.alloc(3_000, 'x'))
    const { stdout, truncated } = output.result(0, 0)
    expect([stdout.length, truncated, told]).toEqual([10_000, true, 21_000])
  })

  it('is not truncated at exactly the limit', () => {
    const output = new CommandOutput({ maxOutputBytes: 4 })
    void output.add('stdout', Buffer.from('four'))
    expect(output.result(0, 0)).toMatchObject({ stdout: 'four', truncated: false })
  })

  it('leaves out a character that the limit cuts in two', () => {
    const output = new CommandOutput({ maxOutputBytes: 4 })
    void output.add('stdout', Buffer.from('abc€'))
    expect(output.result(0, 0)).toMatchObject({ stdout: 'abc', truncated: true })
  })

  it('shows broken bytes as U+FFFD and keeps NUL', () => {
    const output = new CommandOutput({ maxOutputBytes: 100 })
    void output.add('stdout', Buffer.from([0x61, 0xff, 0x00, 0xe2, 0x82]))
    expect(output.result(0, 0).stdout).toBe('a\ufffd\0\ufffd')
  })
})
