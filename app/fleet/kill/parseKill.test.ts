import { expect, it } from 'vitest'
import { endOf } from '../../../test/fakes/fleetCorpus.ts'
import { parseKill } from './parseKill.ts'

const nonce = '0123456789abcdef'

function answered(lines: string[], done = true) {
  return parseKill(
    endOf(`breakglass-probe 1 ${nonce}\n${lines.join('\n')}\n${done ? `${nonce} done\n` : ''}`),
  )
}

it('tells what was killed and what outlived it', () => {
  expect(answered(['kill killed', 'survivor 77 21354 python3 -m x', 'survivor 78 - nohup'])).toEqual({
    result: 'killed',
    survivors: [
      { pid: 77, name: 'python3 -m x', gpuMemoryMb: 21_354 },
      { pid: 78, name: 'nohup', gpuMemoryMb: null },
    ],
  })
})

it.each(['gone', 'changed', 'failed', 'unknown'])('tells that it is %s', (result) => {
  expect(answered([`kill ${result}`])).toEqual({ result, survivors: [] })
  expect(answered([`kill ${result} in words`])).toEqual({ result, detail: 'in words', survivors: [] })
})

it('tells that there may be more where the answer was cut', () => {
  expect(answered(['kill killed', 'survivor 7 1 x'], false)).toMatchObject({
    result: 'killed',
    detail: 'The answer was cut off: there may be more processes that outlived it.',
  })
})

it('leaves out survivors that cannot be read, and takes the first word', () => {
  expect(
    answered([
      'survivor 5 1 early',
      'kill gone',
      'kill killed',
      'survivor x 1 y',
      'survivor -5 1 y',
      'survivor 6 ? y',
    ]),
  ).toEqual({
    result: 'gone',
    survivors: [{ pid: 6, name: 'y', gpuMemoryMb: null }],
  })
})

it('is a sentence where nothing is known', () => {
  expect(answered([])).toEqual({ failed: 'The probe there did not say what became of it.' })
  expect(answered(['kill perhaps'])).toEqual({ failed: 'The probe there did not say what became of it.' })
  expect(
    parseKill(endOf('', { exitCode: null, failedLeg: 'lost', failure: 'The connection broke.' })),
  ).toEqual({
    failed: 'The connection broke.',
  })
  expect(parseKill(endOf('', { exitCode: 1, stderr: 'sudo: a password is required' }))).toMatchObject({
    failed: expect.stringMatching(/^sudo wants a password/),
  })
})
