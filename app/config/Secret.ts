import { inspect } from 'node:util'

const hidden = '[hidden]'

/** A secret that prints, logs and serialises as `[hidden]`; only `reveal` tells it. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return hidden
  }

  toJSON(): string {
    return hidden
  }

  [inspect.custom](): string {
    return hidden
  }
}
