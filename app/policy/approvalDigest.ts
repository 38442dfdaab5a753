import { createHash } from 'node:crypto'

/** Counted up whenever `classify` judges or prints differently: approvals given before count no more. */
export const policyVersion = 2

export interface ApprovedAction {
  tool: string
  /** Exactly what would be done, `Prepared.action`. */
  action: string
  target: string
  /** Where the target's name leads, `Where.leadsTo`. */
  leadsTo: string
  /** The operator who started the turn. */
  operator: string
  /** The approval's own id: 16 random bytes as hex. */
  nonce: string
}

/** What an approval is bound to, as SHA-256 in hex. Made when it is asked for, and made again where it is used. */
export function approvalDigest({ tool, action, target, leadsTo, operator, nonce }: ApprovedAction): string {
  const parts = [policyVersion, tool, action, target, leadsTo, operator, nonce]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
