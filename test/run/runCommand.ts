import { spawn } from 'node:child_process'

const running = new Set<number>()

/** Whoever stops the test run stops what it started. */
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const group of running) process.kill(-group, 'SIGKILL')
    process.exit(1)
  })
}

/**
 * Runs one command, its output passed on, and kills it with all that it started when `limitS` seconds are over.
 * Returns null when it ended well, else why not.
 */
export function runCommand(
  command: string[],
  options: { cwd: string; limitS: number; env?: Record<string, string> },
): Promise<string | null> {
  const [file = '', ...args] = command
  // `CI` alone would make some tools write colours into a file.
  const plain = process.stdout.isTTY ? {} : { NO_COLOR: '1' }
  const env = { ...process.env, CI: '1', ...plain, ...options.env }
  return new Promise((resolve) => {
    // A process group of its own, so that servers and browsers die with it.
    const child = spawn(file, args, {
      cwd: options.cwd,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    })
    const group = child.pid
    if (group !== undefined) running.add(group)
    const timer = setTimeout(() => end(`did not end within ${options.limitS} s`), options.limitS * 1000)
    child.on('error', (error) => end(error.message))
    child.on('exit', (code, signal) => end(code === 0 ? null : `ended with ${signal ?? `exit code ${code}`}`))

    function end(failure: string | null): void {
      clearTimeout(timer)
      if (group !== undefined && running.delete(group)) killGroup(group)
      resolve(failure)
    }
  })
}

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // Nothing of it is left.
  }
}
