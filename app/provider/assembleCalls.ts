import type { RawCall } from './Answer.ts'
import { malformedArguments, parseToolInput } from './toolInput.ts'

/** A piece of a call, as servers send it: OpenAI by index, others whole, without index, or without id. */
export interface CallPiece {
  index?: number | null | undefined
  id?: string | null | undefined
  name?: string | null | undefined
  input?: string | null | undefined
}

interface Open extends RawCall {
  index: number | undefined
  id: string | undefined
}

/** Puts the pieces of an answer's calls together; `calls` is in the order of their beginnings. */
export class CallAssembly {
  readonly calls: Open[] = []

  add({ index, id, name, input }: CallPiece): void {
    let call = this.calls.findLast((open) => index == null || open.index === index)
    if (call === undefined || beginsAnother(call, id, name)) {
      call = { index: index ?? undefined, id: undefined, name: '', input: '' }
      this.calls.push(call)
    }
    call.id ??= id || undefined
    call.name ||= name ?? ''
    call.input += input ?? ''
  }
}

/** Ollama gives calls one index with ids of their own; others no ids at all, and each call whole. */
function beginsAnother(call: Open, id: CallPiece['id'], name: CallPiece['name']): boolean {
  if (id && call.id !== undefined) return id !== call.id
  return Boolean(name) && call.input !== '' && malformedArguments(parseToolInput(call.input)) === undefined
}
