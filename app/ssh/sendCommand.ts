import type { Client, ClientCallback } from 'ssh2'

export interface Sending {
  /** Asked when the channel is open, right before the command goes out. */
  isGivenUp: () => boolean
  /** Called instead, when it was not given up. */
  onSent: () => void
}

/** Opens a channel for the command and sends it there. False: the connection takes none, and `onOpen` is never called. */
export function sendCommand(
  client: Client,
  command: string,
  { isGivenUp, onSent }: Sending,
  onOpen: ClientCallback,
): boolean {
  const bytes = Buffer.from(command)
  const options = {
    // ssh2 reads `env` when the channel is open, right before it sends the command: the one moment in which a
    // command that was given up meanwhile can be held back. Blank, it does nothing, whatever shell reads it.
    get env() {
      if (isGivenUp()) bytes.fill(' ')
      else onSent()
      return {}
    },
  }
  try {
    // ssh2 takes the command's bytes as they are; its types know only the string.
    client.exec(bytes as unknown as string, options, onOpen)
    return true
  } catch {
    return false
  }
}
