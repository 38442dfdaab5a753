import { expect, test } from 'vitest'
import { loadPresets } from '#app/config/loadPresets.ts'
import { matchPreset } from './matchPreset.ts'

const presets = await loadPresets('agents/presets')

test.each([
  ['why is my disk full?', 'disk'],
  ['No space left on device', 'disk'],
  ['something ate all the RAM', 'memory'],
  ['did the OOM killer strike', 'memory'],
  ['nginx does not start, which services failed', 'services'],
  ['the website is down', 'services'],
  ['is the VM wedged', 'qemu'],
  ['The machine is so slow tonight!', 'triage'],
  ['check the network', 'triage'],
  ['run memory / oom', 'memory'],
  ['QEMU WEDGED', 'qemu'],
])('%s → %s', (prompt, id) => {
  expect(matchPreset(prompt, presets)?.id).toBe(id)
})

test.each(['', 'hello', 'write me a poem about the sea', '🙂', 'was ist los', '\0'.repeat(5000)])(
  '%j fits none',
  (prompt) => {
    expect(matchPreset(prompt, presets)).toBeNull()
  },
)
