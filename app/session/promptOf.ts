import { AppError } from '#app/errors.ts'
import type { PromptBody } from '#app/schema/api.ts'

export interface PromptChoices {
  /** Presets with the targets that each can run on. */
  presets: { id: string; label: string; targets: string[] }[]
  targets: string[]
  agents: string[]
  models: string[]
}

export interface Prompt {
  text: string
  preset?: string
  model?: string
  target?: string
}

/**
 * Checks a prompt against what there is; every refusal names what is allowed. A preset without words is
 * shown by its label. `target` is the session's own where the body names none.
 */
export function promptOf(body: PromptBody, target: string, choices: PromptChoices): Prompt {
  const preset = choices.presets.find(({ id }) => id === body.preset)
  assertKnown(
    'preset',
    body.preset,
    choices.presets.map(({ id }) => id),
  )
  assertKnown('target', body.target, choices.targets)
  assertKnown('model', body.model, choices.models)
  const on = body.target ?? target
  if (preset !== undefined && !preset.targets.includes(on))
    throw new AppError(
      'bad_request',
      `The preset ${preset.label} does not run on ${on === '' ? 'no target' : on}.`,
      {
        path: 'target',
        allowed: preset.targets,
      },
    )
  const text = body.prompt?.trim() || preset?.label
  if (text === undefined)
    throw new AppError('bad_request', 'Say something, or name a preset: both are missing.', {
      path: 'prompt',
    })
  return {
    text,
    ...(preset === undefined ? {} : { preset: preset.id }),
    ...(body.model === undefined ? {} : { model: body.model }),
    ...(body.target === undefined ? {} : { target: body.target }),
  }
}

/** Throws a sentence that names what is allowed unless `found` is among it; undefined asks for nothing. */
export function assertKnown(what: string, found: string | undefined, allowed: string[]): void {
  if (found === undefined || allowed.includes(found)) return
  const list = allowed.length === 0 ? 'none is configured' : `there is ${allowed.join(', ')}`
  throw new AppError('bad_request', `There is no ${what} ${JSON.stringify(found)}: ${list}.`, {
    path: what,
    allowed,
  })
}
