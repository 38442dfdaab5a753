import { expect, it } from 'vitest'
import { aFleetHost, aPoll, evening, hourMs } from '../../test/fakes/fleetPolls.ts'
import { anAnswer, gpuRow, uuidOf, type Answer } from '../../test/fakes/probeAnswer.ts'
import { foldPoll } from './fold/foldPoll.ts'
import { isNews, type Shown } from './isNews.ts'

const host = aFleetHost()
const server = 'server 1000 alice 400 3.4 1 /s'
const session = `session 0 ${evening / 1000} - ${evening / 1000} 0 1 train`
const usual: Answer = {
  tmux: [server, session],
  gpu: [gpuRow(0)],
  gpu_procs: [`${uuidOf(0)}, 7, python3, 5`],
}

/** The host before and after the second of two polls. */
function change(after: Answer, laterMs = 30_000): [before: Shown, after: Shown] {
  const first = foldPoll(null, aPoll(anAnswer(usual)), host)
  const at = evening + laterMs
  const second = foldPoll(first, aPoll(anAnswer(after, at), at), host)
  return [
    { memory: first, host },
    { memory: second, host },
  ]
}

it('is no news that figures wobble', () => {
  const wobble = { ...usual, host: { load: '9.00 8.00 7.00 1/2 3' }, gpu: [gpuRow(0, { heat: 99, used: 1 })] }
  expect(isNews(...change({ ...wobble, memory: ['MemTotal: 9 kB', 'MemAvailable: 1 kB'] }))).toBe(false)
})

it.each<[string, Answer, number?]>([
  ['a section that failed', { ...usual, memory: [], code: { memory: 1 } }],
  ['a section more', { ...usual, disks: [] }],
  [
    'a tmux session that came',
    { ...usual, tmux: [server, session, session.replace('session 0', 'session 1')] },
  ],
  ['one that went', { ...usual, tmux: [server] }],
  ['one that was renamed', { ...usual, tmux: [server, session.replace('train', 'other')] }],
  ['an attach', { ...usual, tmux: [server, session.replace(' 0 1 train', ' 1 1 train')] }],
  ['one that is legacy now', usual, 73 * hourMs],
  ['a GPU process that came', { ...usual, gpu_procs: [`${uuidOf(0)}, 7, p, 5`, `${uuidOf(0)}, 8, p, 5`] }],
  ['one that went', { ...usual, gpu_procs: [] }],
  ['processes that cannot be asked for', { ...usual, gpu_procs: [], code: { gpu_procs: 1 } }],
  ['a GPU that was lost', { ...usual, gpu: ['lost 0000:00:00.0 x'] }],
  ['a GPU more', { ...usual, gpu: [gpuRow(0), gpuRow(1)] }],
  ['a reboot', { ...usual, host: { boot_id: 'boot-2', uptime: 1 } }],
])('is news: %s', (_what, after, laterMs) => {
  expect(isNews(...change(after, laterMs))).toBe(true)
})

it('is news that other settings make it legacy', () => {
  const [before, { memory }] = change(usual)
  expect(isNews(before, { memory, host: { legacyAfterMs: 0 } })).toBe(true)
})

it('is news what was never told', () => {
  expect(isNews(null, change(usual)[1])).toBe(true)
})
