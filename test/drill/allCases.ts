import { clockSkew } from './cases/clockSkew.ts'
import { deadDns } from './cases/deadDns.ts'
import { diskFull } from './cases/diskFull.ts'
import { failedUnit } from './cases/failedUnit.ts'
import { inodesFull } from './cases/inodesFull.ts'
import { outOfMemory } from './cases/outOfMemory.ts'
import { readOnlyRoot } from './cases/readOnlyRoot.ts'
import { runawayProcess } from './cases/runawayProcess.ts'
import { wedgedVm } from './cases/wedgedVm.ts'
import { wrongPermissions } from './cases/wrongPermissions.ts'
import type { DrillCase } from './DrillCase.ts'

export const allCases: DrillCase[] = [
  ...[diskFull, outOfMemory, failedUnit, wrongPermissions, wedgedVm],
  ...[inodesFull, runawayProcess, deadDns, clockSkew, readOnlyRoot],
]
