import { classify } from '#app/policy/classify.ts'
import { readLine } from '#app/policy/readLine.ts'

/**
 * Whether an operator who knows the case lets this line run: each of its commands either only reads, or is one that
 * the case expects, whole. A line that is more than simple commands must be expected as it stands.
 */
export function judgeApproval(action: string, expected: RegExp[]): boolean {
  const isExpected = (text: string): boolean => expected.some((one) => isWhole(one, text))
  const line = readLine(action)
  if (typeof line === 'string') return isExpected(action)
  return line.commands.every(({ words }) => {
    const text = words.map(({ value }) => value).join(' ')
    return isExpected(text.replace(/^sudo (-n )?/, '')) || classify(quoted(words), 'ask').verdict === 'allow'
  })
}

const isWhole = (pattern: RegExp, text: string): boolean => pattern.exec(text)?.[0] === text

const quoted = (words: readonly { value: string }[]): string =>
  words.map(({ value }) => `'${value.replaceAll("'", `'\\''`)}'`).join(' ')
