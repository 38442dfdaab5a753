import { spawn, type ChildProcess } from 'node:child_process'
import type { ServerChannel } from 'ssh2'

/**
 * Starts the forced command for one request, as sshd does: whatever was requested is in SSH_ORIGINAL_COMMAND, and
 * when the client goes away the pipes break, but nobody is killed. Undefined when it cannot be started.
 */
export function startForcedCommand(
  [program, ...args]: readonly [program: string, ...args: string[]],
  request: string,
  channel: ServerChannel,
): ChildProcess | undefined {
  channel.on('error', () => undefined)
  let child: ChildProcess
  try {
    child = spawn(program, args, { env: { SSH_ORIGINAL_COMMAND: request }, cwd: '/', stdio: 'pipe' })
  } catch {
    // A NUL byte, or a length that no program can be given: never a request.
    return end(channel, 255)
  }
  child.on('error', () => undefined)
  child.stdin?.end()
  child.stdout?.pipe(channel, { end: false })
  child.stderr?.pipe(channel.stderr, { end: false })
  child.on('close', (code) => end(channel, code ?? 255))
  channel.on('close', () => {
    child.stdout?.destroy()
    child.stderr?.destroy()
  })
  return child
}

function end(channel: ServerChannel, code: number): undefined {
  channel.exit(code)
  channel.end()
}
