const key = 'malformed_arguments'
const shownCharacters = 500

/**
 * The arguments of a call. What is no JSON object becomes `{malformed_arguments: "the beginning of it"}`, which no
 * tool takes: the call is refused like any other with wrong arguments, and the model reads why.
 * @param whole false for the last call of an answer that was cut: nothing is then not "no arguments"
 */
export function parseToolInput(text: string, whole = true): Record<string, unknown> {
  if (text.trim() === '' && whole) return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown> // an object by the line above
    }
  } catch {
    // Told to the model below.
  }
  return { [key]: text.slice(0, shownCharacters) }
}

/** What the model wrote, when its arguments were no JSON object. Such a call must not run. */
export function malformedArguments(input: Record<string, unknown>): string | undefined {
  const text = input[key]
  return typeof text === 'string' ? text : undefined
}
