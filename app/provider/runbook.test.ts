import { expect, test } from 'vitest'
import type { SessionDraft, SessionEvent, SessionEventOf } from '#app/schema/events.ts'
import { presetFileSchema, type Preset } from '#app/schema/preset.ts'
import type { Part } from './Provider.ts'
import { runbookProvider, type RunbookDeps } from './runbook.ts'

const preset = (id: string, label: string, keywords: string[], probes: object[] | undefined): Preset => ({
  ...presetFileSchema.parse({
    id,
    label,
    icon: 'x',
    description: `Looks at ${id}.`,
    keywords,
    prompt: 'x',
    ...(probes && { runbook: { probes } }),
  }),
  guidance: '',
})
const answers = (id: string, more = {}) => ({
  id,
  title: `the ${id}`,
  command: `cat /proc/${id}`,
  parser: 'answers',
  ...more,
})
const life = preset('life', 'Life', ['alive'], [answers('uptime'), answers('loadavg', { timeout_s: 3 })])
const vm = preset(
  'vm',
  'VM',
  ['vm'],
  [{ id: 'vm', title: 'the VM', power: 'status', parser: 'power' }, answers('uptime', { on: 'guest' })],
)
const thoughts = preset('thoughts', 'Thoughts', ['think'], undefined)

interface Turn {
  prompt?: string
  preset?: string
  target?: string
  events?: SessionEvent[]
  vmOfTarget?: RunbookDeps['vmOfTarget']
  models?: boolean
}

async function step(turn: Turn): Promise<Part[]> {
  const provider = runbookProvider({
    presets: [life, vm, thoughts],
    vmOfTarget: turn.vmOfTarget ?? (() => undefined),
    models: () => turn.models ?? false,
  })
  const request = {
    sessionId: 's1',
    agent: 'breakglass',
    target: turn.target ?? 'devvm',
    prompt: turn.prompt ?? '',
    events: turn.events ?? [],
    turn: 't1',
    system: '',
    messages: [],
    tools: [],
    signal: new AbortController().signal,
    ...(turn.preset !== undefined && { preset: turn.preset }),
  }
  const parts: Part[] = []
  for await (const part of provider.step(request)) parts.push(part)
  return parts
}

/** The parts of a step as they stand in the log afterwards. */
function logged(parts: Part[], from: SessionEvent[] = []): SessionEvent[] {
  const events = [...from]
  for (const { type, ...fields } of parts) {
    if (type !== 'text' && type !== 'tool' && type !== 'finding') continue
    // Each of the three has the fields of the event of its kind.
    events.push(toEvent({ kind: type, turn: 't1', ...fields } as SessionDraft, events.length))
  }
  return events
}

// A draft with id and date is an event.
const toEvent = (draft: SessionDraft, at: number): SessionEvent => ({
  ...draft,
  id: at + 1,
  at: '2026-11-20T03:00:00.000Z',
})

function answered(events: SessionEvent[], more: Partial<SessionEventOf<'tool_output'>> = {}): SessionEvent[] {
  const calls = events.filter((event) => event.kind === 'tool')
  const outputs = calls.map(({ call }, at) =>
    toEvent(
      {
        kind: 'tool_output',
        turn: 't1',
        call,
        exit_code: 0,
        stdout: '3600.5 1.0\n',
        stderr: '',
        truncated: false,
        duration_ms: 5,
        ...more,
      },
      events.length + at,
    ),
  )
  return [...events, ...outputs]
}

const texts = (parts: Part[]) => parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')

test('the first step asks for every probe at once, the second tells what they found', async () => {
  const first = await step({ preset: 'life' })
  expect(first).toEqual([
    {
      type: 'tool',
      name: 'shell',
      input: { command: 'cat /proc/uptime', timeout_s: 8 },
      call: 't1.uptime',
      target: 'devvm',
    },
    {
      type: 'tool',
      name: 'shell',
      input: { command: 'cat /proc/loadavg', timeout_s: 3 },
      call: 't1.loadavg',
      target: 'devvm',
    },
    { type: 'end', reason: 'tools' },
  ])
  const second = await step({ preset: 'life', events: answered(logged(first)) })
  expect(second.map(({ type }) => type)).toEqual(['finding', 'finding', 'text', 'end'])
  expect(second[0]).toMatchObject({ probe: 'uptime', level: 'ok', value: 3601, unit: 's' })
  expect(second.at(-1)).toEqual({ type: 'end', reason: 'stop' })
})

test('a turn left in the middle goes on where it stands', async () => {
  const [one] = await step({ preset: 'life' })
  const half = logged(one ? [one] : [])
  expect(
    (await step({ preset: 'life', events: half })).map((part) => part.type === 'tool' && part.call),
  ).toEqual(['t1.loadavg', false])

  const outputs = answered(logged(await step({ preset: 'life' })))
  const end = await step({ preset: 'life', events: outputs })
  for (let said = 0; said < end.length - 1; said++) {
    const rest = await step({ preset: 'life', events: logged(end.slice(0, said), outputs) })
    expect(rest).toEqual(end.slice(said))
  }
})

test('a text that was cut off is said to its end, not again', async () => {
  const outputs = answered(logged(await step({ preset: 'life' })))
  const whole = texts(await step({ preset: 'life', events: outputs }))
  const cut = logged([{ type: 'text', text: whole.slice(0, 9) }], outputs)
  expect(texts(await step({ preset: 'life', events: cut }))).toBe(whole.slice(9))
})

test('what an earlier turn found is none of this turn’s', async () => {
  const before = answered(logged(await step({ preset: 'life' }))).map((event) => ({ ...event, turn: 't0' }))
  expect((await step({ preset: 'life', events: before })).at(-1)).toEqual({ type: 'end', reason: 'tools' })
})

test('an unreachable target is told once, the turn could not do its work', async () => {
  const asked = logged(await step({ preset: 'life' }))
  const parts = await step({
    preset: 'life',
    events: answered(asked, {
      exit_code: null,
      stdout: '',
      stderr: 'Connection refused.',
      failed_leg: 'tcp',
    }),
  })
  expect(parts.filter(({ type }) => type === 'finding')).toEqual([
    {
      type: 'finding',
      probe: 'reach',
      level: 'crit',
      value: 'tcp',
      text: 'devvm cannot be reached: it accepted no connection (Connection refused).',
    },
  ])
  expect(texts(parts)).toMatch(
    /^devvm cannot be reached: it accepted no connection .*\n\nNext: Check that devvm has power/,
  )
  expect(parts.at(-1)).toEqual({ type: 'end', reason: 'stop', isError: true })
})

test('a free prompt runs the preset that it fits, and says so', async () => {
  const first = await step({ prompt: 'is it alive?' })
  expect(first[0]).toEqual({
    type: 'text',
    text: 'No model is configured; this is what the preset Life finds.\n\n',
  })
  const events = answered(logged(first))
  const second = await step({ prompt: 'is it alive?', events })
  expect(texts(second)).toBe('Life finds no trouble on devvm.')
})

test('after a model has failed it says nothing of the configuration, and takes none of the model’s words for its own', async () => {
  const prompt = 'is it alive?'
  const taken: SessionDraft = {
    kind: 'notice',
    turn: 't1',
    level: 'warn',
    text: 'No model answers.',
    again: true,
  }
  const before = [...logged([{ type: 'text', text: 'Let me see.' }]), toEvent(taken, 1)]
  const first = await step({ prompt, models: true, events: before })
  expect(texts(first)).toBe('No model answers here; this is what the preset Life finds.\n\n')
  const second = await step({ prompt, models: true, events: answered(logged(first, before)) })
  expect(texts(second)).toBe('Life finds no trouble on devvm.')
})

test('a free prompt that fits nothing is answered by what there is, and is no error', async () => {
  const parts = await step({ prompt: 'sing' })
  expect(texts(parts)).toBe(
    'No model is configured, and no preset fits these words. What can be run without one is Life and VM.\n\nLife: Looks at life.\nVM: Looks at vm.',
  )
  expect(parts.at(-1)).toEqual({ type: 'end', reason: 'stop' })
})

test.each(['thoughts', 'gone'])(
  'the preset %s, which has nothing to run, is answered the same way',
  async (id) => {
    const parts = await step({ preset: id })
    expect(texts(parts)).toMatch(
      new RegExp(`^The preset ${id} has nothing that can be run without a model\\.`),
    )
    expect(parts.at(-1)).toEqual({ type: 'end', reason: 'stop' })
  },
)

test('a VM is asked for its status, and its own guest, not the target at hand', async () => {
  const vmOfTarget = () => ({ name: 'dev', title: 'Dev VM', targets: ['inside'] })
  expect(await step({ preset: 'vm', target: 'laptop', vmOfTarget })).toMatchObject([
    { type: 'tool', name: 'power', input: { verb: 'status', vm: 'dev' }, call: 't1.vm' },
    { type: 'tool', name: 'shell', target: 'inside' },
    { type: 'end' },
  ])
})

test('without a VM, and without a guest in it, that is said', async () => {
  expect(texts(await step({ preset: 'vm' }))).toContain(
    'Could not check the VM and the guest (no VM is configured)',
  )
  const vmOfTarget = () => ({ name: 'dev', title: 'Dev VM', targets: [] })
  const first = await step({ preset: 'vm', vmOfTarget })
  expect(first.map(({ type }) => type)).toEqual(['tool', 'end'])
})
