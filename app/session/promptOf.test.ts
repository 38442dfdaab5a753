import { expect, test } from 'vitest'
import { AppError } from '#app/errors.ts'
import { assertRunsOn, promptOf, type PromptChoices } from './promptOf.ts'

const choices: PromptChoices = {
  presets: [{ id: 'disk', label: 'Disk', targets: ['devvm'] }],
  targets: ['devvm', 'nas'],
  agents: ['breakglass'],
  models: ['runbook'],
}

test('a preset without words is shown by its label', () => {
  expect(promptOf({ preset: 'disk' }, choices)).toEqual({ text: 'Disk', preset: 'disk' })
})

test('words beside a preset stand as they are', () => {
  expect(promptOf({ preset: 'disk', prompt: ' /var? ' }, choices)).toMatchObject({
    text: '/var?',
    preset: 'disk',
  })
})

test('a preset is refused on a target that it does not run on', () => {
  const prompt = promptOf({ preset: 'disk', target: 'nas' }, choices)
  expect(() => assertRunsOn(prompt, 'devvm', choices)).toThrow(/Disk does not run on nas/)
  expect(() => assertRunsOn({ ...prompt, target: 'devvm' }, 'nas', choices)).not.toThrow()
})

test('a refusal names what there is', () => {
  const refused = () => promptOf({ preset: 'x' }, { ...choices, presets: [] })
  expect(refused).toThrow(AppError)
  expect(refused).toThrow('There is no preset "x": none is configured.')
})
