import { expect, test } from 'vitest'
import { AppError } from '#app/errors.ts'
import { promptOf, type PromptChoices } from './promptOf.ts'

const choices: PromptChoices = {
  presets: [{ id: 'disk', label: 'Disk', targets: ['devvm'] }],
  targets: ['devvm', 'nas'],
  agents: ['breakglass'],
  models: ['runbook'],
}

test('a preset without words is shown by its label', () => {
  expect(promptOf({ preset: 'disk' }, 'devvm', choices)).toEqual({ text: 'Disk', preset: 'disk' })
})

test('words beside a preset stand as they are', () => {
  expect(promptOf({ preset: 'disk', prompt: ' /var? ' }, 'devvm', choices)).toMatchObject({
    text: '/var?',
    preset: 'disk',
  })
})

test('a preset is refused on a target that it does not run on', () => {
  expect(() => promptOf({ preset: 'disk', target: 'nas' }, 'devvm', choices)).toThrow(
    /Disk does not run on nas/,
  )
})

test('a refusal names what there is', () => {
  const refused = () => promptOf({ preset: 'x' }, 'devvm', { ...choices, presets: [] })
  expect(refused).toThrow(AppError)
  expect(refused).toThrow('There is no preset "x": none is configured.')
})
