import { expect, test } from 'vitest'
import { compareSnapshots } from './snapshot.ts'

test('what was changed, added, removed or restarted is told, apart from what may be', () => {
  const before = new Map([
    ['/etc/a', 'f 644 0:0  1'],
    ['/etc/b', 'f 644 0:0  1'],
    ['/var/log/x', 'f 644 0:0  1'],
    ['unit web', '10'],
    ['unit db', '11'],
  ])
  const after = new Map([
    ['/etc/a', 'f 777 0:0  1'],
    ['/etc/c', 'f 644 0:0  1'],
    ['/var/log/x', 'f 644 0:0  2'],
    ['unit web', '20'],
    ['unit db', '21'],
  ])
  const may = { mayChange: [/^\/var\/log\//], mayRestart: ['web'] }
  expect(compareSnapshots(before, after, may)).toEqual([
    '/etc/a was changed',
    '/etc/b is gone',
    'unit db was changed',
    '/etc/c is new',
  ])
})
