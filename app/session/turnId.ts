import { createHash, randomBytes } from 'node:crypto'

/**
 * A turn's id names the replica that began it: `t-<replica>-<16 hex>`. With an idempotency key the last part
 * is derived from it, so that the same request finds the turn that it began. See ADR 0009.
 */
export function newTurnId(replica: string, idempotencyKey?: string): string {
  return `t-${replica}-${idempotencyKey === undefined ? randomBytes(8).toString('hex') : keyHash(idempotencyKey)}`
}

/** The replica that began the turn, '' where the id is not of this form. */
export function ownerOfTurn(turn: string): string {
  return /^t-([a-z0-9]+)-[0-9a-f]{16}$/.exec(turn)?.[1] ?? ''
}

/** The turn among `turns` that this key began, on whichever replica. */
export function turnOfKey(turns: string[], idempotencyKey: string): string | undefined {
  const end = `-${keyHash(idempotencyKey)}`
  return turns.find((turn) => turn.endsWith(end))
}

function keyHash(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 16)
}
