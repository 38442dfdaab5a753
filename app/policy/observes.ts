import { baseName } from './everyCommand.ts'
import type { Line } from './readLine.ts'
import type { PlainWord } from './readWord.ts'

/** What these print stands in the command itself, or is the same before and after a change. */
const mute =
  /^(echo|printf|true|false|:|sleep|pwd|test|\[|date|whoami|id|groups|logname|tty|hostname|uname|arch|nproc|basename|dirname|seq|yes)$/

/** Behind a pipe, and given no file, these tell what stands before the pipe, and no more. */
const filters =
  /^(cat|tac|head|tail|grep|egrep|fgrep|sort|uniq|wc|cut|tr|nl|rev|fold|paste|column|strings|md5sum|sha1sum|sha256sum|sha512sum|cksum)$/

/** Whether some command of the line tells something of the machine's state. */
export function observes({ commands, operators }: Line): boolean {
  return commands.some(({ words }, index) => tells(words, operators[index - 1] === '|'))
}

function tells(words: readonly PlainWord[], piped: boolean): boolean {
  const name = baseName(words[0])
  if (name === 'sudo') return tells(words.slice(words[1]?.value === '-n' ? 2 : 1), piped)
  const file = words.slice(1).some(({ value }) => value.includes('/'))
  return !mute.test(name) && !(piped && filters.test(name) && !file)
}
