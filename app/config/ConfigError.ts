import type { Problem } from '#app/schema/describeIssue.ts'

/** One wrong setting; `file` and `line` are absent for an environment variable, whose name is then the path. */
export interface ConfigProblem extends Problem {
  file?: string
  line?: number
}

/** A configuration that cannot be used, with everything that is wrong in it. Its message is for the operator. */
export class ConfigError extends Error {
  readonly problems: ConfigProblem[]

  constructor(problems: ConfigProblem[]) {
    super(['The configuration is wrong:', ...problems.map((one) => `  - ${sentence(one)}`)].join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

function sentence({ file, line, path, found, allowed }: ConfigProblem): string {
  const place = file === undefined ? '' : `${file}${line === undefined ? '' : `, line ${line}`}: `
  return `${place}${path === '' ? '' : `${path}: `}found ${found}; allowed: ${allowed}`
}
