import { allowCases } from './cases/allowCases.ts'
import { askCases } from './cases/askCases.ts'
import { denyCases } from './cases/denyCases.ts'

/** Command lines by theme, and what each must be judged in mode `ask`. */
export const themes = [...allowCases, ...askCases, ...denyCases]
