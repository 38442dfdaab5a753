import { createHash, randomBytes } from 'node:crypto'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/**
 * An id for a call, of our own making: nine letters and digits, which is what the strictest servers want (Mistral's
 * templates in vLLM; OpenAI takes 40 characters, Anthropic letters, digits, `_` and `-`).
 */
export function newCallId(): string {
  return spell(randomBytes(16))
}

/**
 * The id under which a far side is told of a call; a model's own calls keep theirs. A runbook's, such as `t1.uptime`,
 * stand in the conversation too once a model goes on, and no server takes a dot.
 */
export function wireCallId(call: string): string {
  return /^[A-Za-z0-9]{9}$/.test(call) ? call : spell(createHash('sha256').update(call).digest())
}

/** A model may call a tool by a name that no server takes back; told so, the name stays in the conversation. */
export function wireToolName(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64) || 'unnamed'
}

function spell(bytes: Uint8Array): string {
  let rest = bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n)
  let id = ''
  for (; id.length < 9; rest /= 62n) id += letters[Number(rest % 62n)]
  return id
}
