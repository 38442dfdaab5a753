import { afterAll, beforeAll, describe } from 'vitest'
import type { EventLog } from '../EventLog.ts'
import type { LogUnderTest } from './LogUnderTest.ts'
import { testAppends } from './testAppends.ts'
import { testFollowers } from './testFollowers.ts'
import { testInterleavings } from './testInterleavings.ts'
import { testStreams } from './testStreams.ts'

/** What every `EventLog` must do, whatever it stores in. */
export function testEventLog(name: string, open: () => Promise<LogUnderTest>): void {
  describe(`${name} is an event log`, () => {
    let under: LogUnderTest
    const log = (): EventLog => under.log
    beforeAll(async () => {
      under = await open()
    })
    afterAll(() => under.close())

    testAppends(log)
    testFollowers(log)
    testInterleavings(log)
    testStreams(() => under)
  })
}
