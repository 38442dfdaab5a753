import { readHeader } from '../probe/readHeader.ts'

const firstLineBytes = 64
const preambleBytes = 20_100

/** Where the probe's answer ends in what came of it, with its line `NONCE done`; -1 while that is still to come. */
export function answerEnd(stdout: Buffer, from: number): number {
  const read = (bytes: number) => readHeader(stdout.toString('latin1', 0, bytes))
  const header = read(firstLineBytes) ?? read(preambleBytes)
  if (!header || !/^[0-9a-f]{16}$/.test(header.nonce)) return -1
  const mark = `\n${header.nonce} done\n`
  const at = stdout.indexOf(mark, Math.max(header.next - 1, from - mark.length), 'latin1')
  return at === -1 ? -1 : at + mark.length
}
