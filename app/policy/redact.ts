/** Takes text in pieces, as it comes, and gives it back with secrets replaced; a secret may span pieces. */
export interface Redactor {
  push(text: string): string
  /** What was held back. */
  end(): string
}
