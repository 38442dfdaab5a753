/** Which provider was chosen on this page for which session; the server keeps what was prompted with it. */
export class ModelChoices {
  #chosen = $state.raw<Record<string, string>>({})

  of(sessionId: string): string | null {
    return this.#chosen[sessionId] ?? null
  }

  /** What a prompt's body says of it. */
  bodyOf(sessionId: string): { model?: string } {
    const model = this.of(sessionId)
    return model === null ? {} : { model }
  }

  choose(sessionId: string, provider: string): void {
    this.#chosen = { ...this.#chosen, [sessionId]: provider }
  }
}
