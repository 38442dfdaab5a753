import { afterEach, expect, test, vi } from 'vitest'
import { forgetServerData, remember } from './storage.ts'

afterEach(() => vi.unstubAllGlobals())

test('signing out leaves the theme, and of the last session its draft', () => {
  const storage: Record<string, string> = {}
  const calls = {
    getItem: (key: string) => storage[key] ?? null,
    setItem: (key: string, value: string) => void (storage[key] = value),
    removeItem: (key: string) => void Reflect.deleteProperty(storage, key),
  }
  for (const [name, value] of Object.entries(calls)) Object.defineProperty(storage, name, { value })
  vi.stubGlobal('localStorage', storage)
  storage['of.another'] = 'stays'
  remember('session', 'last')
  for (const name of [
    'theme',
    'draft.last',
    'unanswered.last',
    'draft.other',
    'unanswered.other',
    'log.1',
    'vms.1',
  ])
    remember(name, 'x')
  forgetServerData()
  expect(Object.keys(storage).sort()).toEqual([
    'breakglass.draft.last',
    'breakglass.session',
    'breakglass.theme',
    'breakglass.unanswered.last',
    'of.another',
  ])
})
