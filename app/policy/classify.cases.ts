import { allowSpellingCases } from './cases/allowSpellingCases.ts'
import { allowTriageCases } from './cases/allowTriageCases.ts'
import { askEffectCases } from './cases/askEffectCases.ts'
import { askLookupCases } from './cases/askLookupCases.ts'
import { askShellCases } from './cases/askShellCases.ts'
import { denyCases } from './cases/denyCases.ts'

/** Command lines by theme, and what each must be judged in mode `ask`. */
export const themes = [
  ...allowTriageCases,
  ...allowSpellingCases,
  ...askShellCases,
  ...askEffectCases,
  ...askLookupCases,
  ...denyCases,
]
