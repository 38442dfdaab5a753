const sentences = {
  replaced: 'Another writer has taken over this stream.',
  lost: 'The log lost this stream.',
  closed: 'This writer is closed.',
}

/** A writer that must not write any more, and why. */
export class FencedError extends Error {
  readonly reason: keyof typeof sentences

  constructor(reason: keyof typeof sentences) {
    super(sentences[reason])
    this.name = 'FencedError'
    this.reason = reason
  }
}
