/**
 * What is known of one host between polls, as JSON: what the next poll is compared with, and what screens show
 * meanwhile. It outlives this process and moves with the host to another replica.
 */
export interface HostMemory {
  /** Changes when the shape does; an older one counts as none. */
  version: 1
  name: string
}
