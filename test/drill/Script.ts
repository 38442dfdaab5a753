/** One answer of the scripted model: a call with the words before it, or the closing words. */
export type Step =
  { say: string } | { tool: string; input: (lastOutput: string) => Record<string, unknown>; say?: string }

/** Runs a command over SSH; where it depends on what was seen, on the last output. */
export const shell = (command: string | ((lastOutput: string) => string)): Step => ({
  tool: 'shell',
  input: (last) => ({ command: typeof command === 'string' ? command : command(last) }),
})

export const power = (verb: string): Step => ({ tool: 'power', input: () => ({ verb }) })

export const say = (words: string): Step => ({ say: words })

/** A model that looks at nothing, does nothing, and reports success. */
export const claimOfSuccess: Step[] = [
  say(
    'Found it and mended it: I removed the cause, restarted what had failed, and checked. All is well again.',
  ),
]
