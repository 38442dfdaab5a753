import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aFleetHost } from '../../test/fakes/fleetPolls.ts'
import { attachCommand } from './attachCommand.ts'
import { attachUrl } from './attachUrl.ts'

const host = aFleetHost()
const session = { user: 'alice', socket: null, number: 3, name: 'train' }

function on(port: number, address = 'gpu1.lab') {
  return aFleetHost({ address, destination: host.destination && { ...host.destination, port } })
}

it('is as one would type it', () => {
  expect(attachCommand(session, host)).toBe(`ssh -t alice@gpu1.lab "tmux -u attach -t '=train'"`)
  expect(attachCommand({ ...session, socket: '/tmp/tmux-1000/work' }, on(2222))).toBe(
    `ssh -t -p 2222 alice@gpu1.lab "tmux -u -S /tmp/tmux-1000/work attach -t '=train'"`,
  )
  expect(attachUrl(session, on(2222, 'fd00::1'))).toBe(
    'ssh://alice@[fd00::1]:2222?command=tmux%20-u%20attach%20-t%20%27%3Dtrain%27',
  )
})

it('needs no SSH on this machine itself', () => {
  const local = aFleetHost({ destination: null })
  expect(attachCommand(session, local)).toBe(`tmux -u attach -t '=train'`)
  expect(attachUrl(session, local)).toBeNull()
})

it.each(['a:b', 'a.b', '$3', 'back\\slash', "it's", 'tab\tname'])('names %j by its number', (name) => {
  expect(attachCommand({ ...session, name }, host)).toBe(
    `ssh -t alice@gpu1.lab 'tmux -u attach -t '\\''$3'\\'''`,
  )
})

describe('through both shells', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'attach-'))
    // Stands for ssh and the login shell there; then what tmux was called with, a line each.
    writeFileSync(
      join(folder, 'ssh'),
      '#!/bin/sh\nprintf "%s\\n" "$2"\nfor last; do :; done\nexec sh -c "$last"\n',
    )
    writeFileSync(join(folder, 'tmux'), '#!/bin/sh\nprintf "%s\\n" "$@"\n')
    for (const name of ['ssh', 'tmux']) chmodSync(join(folder, name), 0o755)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const names = [
    ...[
      'my notes',
      '-dash',
      '--',
      '$(id)',
      '`id`',
      '"',
      'a"b$c',
      '!!',
      'x;id',
      '&',
      '#{x}',
      '日本語',
      '🚀🚀',
      '~',
      '*',
      '%H',
    ],
    ...['  two  blanks ', 'x'.repeat(200), '=x', '{a,b}', '$HOME', 'a\\', "''", '(', '|'],
  ]
  it.each(names)('%j is what tmux gets', (name) => {
    const run = (shell: string, user: string) =>
      execFileSync(shell, ['-c', attachCommand({ ...session, user, name, socket: '/tmp/a b/$x' }, host)], {
        env: { PATH: `${folder}:${process.env.PATH}` },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    for (const shell of ['sh', 'bash']) {
      const target = /^\$|[\\']/.test(name) ? '$3' : `=${name}`
      const expected = ['alice@gpu1.lab', '-u', '-S', '/tmp/a b/$x', 'attach', '-t', target, '']
      expect(run(shell, 'alice')).toBe(expected.join('\n'))
      expect(run(shell, 'o$x y').split('\n')[0]).toBe('o$x y@gpu1.lab')
    }
  })
})
