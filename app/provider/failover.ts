import type { Logger } from '#app/logger.ts'
import type { CoolDown, CoolingKind } from './coolDown.ts'
import { attempt, type AttemptEnd } from './failoverAttempt.ts'
import { goesOn, isLeftAlone, isRunbookNotice, noModelAnswers } from './failoverWords.ts'
import type { Part, Provider, StepRequest } from './Provider.ts'

/** A model, and when it may be asked. */
export interface Candidate {
  provider: Provider
  coolDown: CoolDown
}

export interface FailoverDeps {
  logger: Logger
  now: () => Date
  /** Resolves after so many milliseconds; rejects when the signal aborts. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>
}

type Failed = Extract<AttemptEnd, { state: 'failed' }>

/** A rate limit that ends this soon is waited out where no other model could answer meanwhile. */
const longestWaitMs = 10_000
const breakWaitMs = 1000
/** A break that took longer to show, as a silence does, is not tried again: the operator waits, and another may answer. */
const quickFailureMs = 5000

/**
 * One step, by the first candidate that can do it; the runbook is behind them all. Calls of a failed attempt never
 * get out, and text of it is taken back by a `notice` with `again`. Ends in a `failure` where the conversation is
 * too long (another model is no cure), when cancelled, and where there is no runbook.
 */
export async function* failOver(
  candidates: readonly Candidate[],
  runbook: Provider | undefined,
  request: StepRequest,
  deps: FailoverDeps,
): AsyncGenerator<Part> {
  const logger = deps.logger.child({ session: request.sessionId, turn: request.turn })
  const now = (): number => deps.now().getTime()
  const isReady = (one: Candidate): boolean => one.coolDown.at(now()).state === 'ready'
  const tried = new Set<Candidate>()
  const nextReady = (): Candidate | undefined => candidates.find((one) => !tried.has(one) && isReady(one))
  let last: { name: string; kind: CoolingKind; said: boolean } | undefined

  for (let one = nextReady(); one !== undefined; one = nextReady()) {
    tried.add(one)
    const { provider, coolDown } = one
    if (last !== undefined) {
      logger.warn({ provider: last.name, failure: last.kind, next: provider.name }, 'another model goes on')
      yield notice(goesOn(last.name, last.kind, provider.name, last.said), last.said)
    } else yield* tellPassed(one)

    const end = yield* askTwice(provider, request, () => nextReady() !== undefined, { ...deps, logger })
    if (end.state === 'answered') {
      // Before the end goes out: whoever has it may read no further.
      coolDown.worked(now())
      yield* end.last
      return
    }
    const { failure, said } = end
    if (request.signal.aborted) {
      yield cancelled
      return
    }
    if (failure.kind === 'context') {
      if (said) yield notice(`The conversation fills the context of ${provider.name} in mid-answer.`, true)
      yield failure
      return
    }
    // Nobody has cancelled: whatever ended the call lies between us and the model.
    const kind = failure.kind === 'cancelled' ? 'network' : failure.kind
    coolDown.failed({ ...failure, kind }, now())
    last = { name: provider.name, kind, said }
  }

  const why = candidates.length === 0 ? 'No model is configured.' : noModelAnswers(candidates.map(standingOf))
  if (runbook === undefined) {
    if (last?.said) yield notice(why, true)
    yield { type: 'failure', kind: last?.kind ?? 'overload', message: why }
    return
  }
  if (last !== undefined)
    logger.warn({ provider: last.name, failure: last.kind, next: runbook.name }, 'the runbook goes on')
  if (candidates.length > 0 && (last !== undefined || !isRunbookTold(request)))
    yield notice(`${why} The runbook goes on.`, true)
  const end = yield* attempt(runbook, request, logger)
  yield* end.state === 'answered' ? end.last : [end.failure]

  function standingOf({ provider, coolDown }: Candidate) {
    return { name: provider.name, standing: coolDown.at(now()) }
  }

  /** The first choice failed before this step: once in a turn that is said, until the next one is seen to answer. */
  function* tellPassed(next: Candidate): Generator<Part> {
    const [first] = candidates
    if (first === undefined || first === next) return
    const text = isLeftAlone(standingOf(first), next.provider.name)
    const isTold = eventsOf(request).some(
      (event) =>
        (event.kind === 'notice' && event.text === text) ||
        (event.kind === 'usage' && event.provider === next.provider.name),
    )
    if (!isTold) yield notice(text)
  }
}

/** Asks once, and after a pause once more where that is worth a try. */
async function* askTwice(
  provider: Provider,
  request: StepRequest,
  isOtherReady: () => boolean,
  deps: FailoverDeps,
): AsyncGenerator<Part, AttemptEnd> {
  const began = deps.now().getTime()
  const end = yield* attempt(provider, request, deps.logger)
  const tookMs = deps.now().getTime() - began
  const pauseMs = end.state === 'failed' ? pauseBefore(end, tookMs, isOtherReady()) : undefined
  if (pauseMs === undefined || request.signal.aborted) return end
  deps.logger.info({ provider: provider.name, wait_ms: pauseMs }, 'model is asked once more')
  // An abort shows in the signal.
  await deps.wait(pauseMs, request.signal).catch(() => undefined)
  return request.signal.aborted ? end : yield* attempt(provider, request, deps.logger)
}

/** How long to wait before the same model is asked once more; undefined: not at all. */
function pauseBefore({ failure, said }: Failed, tookMs: number, isOtherReady: boolean): number | undefined {
  if (said) return undefined
  switch (failure.kind) {
    case 'overload':
    case 'network':
      if (tookMs > quickFailureMs) return undefined
      // Spread, so that the steps that failed together do not come back together.
      return breakWaitMs * (0.75 + Math.random() / 2)
    case 'rate_limit': {
      const { retryAfterMs } = failure
      return !isOtherReady && retryAfterMs !== undefined && retryAfterMs <= longestWaitMs
        ? retryAfterMs
        : undefined
    }
    default:
      return undefined
  }
}

/** The turn's last step was the runbook's too, and said so: no model has spent or called anything since. */
function isRunbookTold(request: StepRequest): boolean {
  const last = eventsOf(request).findLast(
    (event) =>
      event.kind === 'usage' ||
      (event.kind === 'tool' && !event.call.startsWith(`${request.turn}.`)) ||
      (event.kind === 'notice' && isRunbookNotice(event.text)),
  )
  return last?.kind === 'notice'
}

const eventsOf = ({ events, turn }: StepRequest) => events.filter((event) => event.turn === turn)

const cancelled: Part = { type: 'failure', kind: 'cancelled', message: 'The call was cancelled.' }

function notice(text: string, again = false): Part {
  return { type: 'notice', level: 'warn', text, ...(again && { again }) }
}
