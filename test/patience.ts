import { vi } from 'vitest'

/** A busy machine is no failure: what is waited for gets as long as a test may take, not one second. */
const patienceMs = 25_000

const waitFor = vi.waitFor
vi.waitFor = (callback, options) => waitFor(callback, options ?? patienceMs)
