import { execFile } from 'node:child_process'

/** What a request over SSH brought: the lines of stdout as they are, those that are JSON parsed. */
export interface Answer {
  code: number | null
  stdout: string
  stderr: string
  /** The first line that is an object: of `status`, what it found. */
  first: Record<string, any>
  /** The last line: how it ended. */
  end: Record<string, any>
  tookMs: number
}

const limitMs = 120_000

/** One request to the forced command. `options` are for ssh: key, port, known hosts. */
export function sendRequest(options: string[], text: string): Promise<Answer> {
  const settings = ['BatchMode=yes', 'IdentitiesOnly=yes', 'StrictHostKeyChecking=yes']
  const strict = ['-F', 'none', ...settings.flatMap((setting) => ['-o', setting])]
  const began = performance.now()
  return new Promise((resolve) => {
    const argv = [...strict, ...options, 'breakglass@127.0.0.1', text]
    execFile('ssh', argv, { timeout: limitMs }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null
      const objects = stdout.split('\n').filter((line) => line.startsWith('{'))
      const parse = (line: string | undefined) => (line === undefined ? {} : JSON.parse(line))
      const tookMs = performance.now() - began
      resolve({ code, stdout, stderr, first: parse(objects[0]), end: parse(objects.at(-1)), tookMs })
    })
  })
}
