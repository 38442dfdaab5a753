import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import type { ConfigProblem } from './ConfigError.ts'
import { whyFailed } from './fileAccess.ts'

/** A Markdown file's settings, not checked yet, and the text below them. */
export interface FrontMatter {
  input: unknown
  body: string
}

/**
 * Reads every `*.md` that lies in `folder` itself, apart from a README for people, which has no front matter. What
 * cannot be read goes to `problems`.
 * @param what what the folder should hold, for the message
 */
export async function readMarkdownFiles(
  folder: string,
  what: string,
  problems: ConfigProblem[],
): Promise<{ file: string; text: string }[]> {
  const files = await readdir(folder).catch((error: unknown) => {
    const found = `a folder that ${whyFailed(error)}`
    problems.push({ file: folder, path: '', found, allowed: `a folder of ${what}` })
    return []
  })
  const read = files
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map(async (name) => {
      const file = join(folder, name)
      try {
        const text = await readFile(file, 'utf8')
        return /^readme\.md$/i.test(name) && !text.startsWith('---') ? [] : [{ file, text }]
      } catch (error) {
        problems.push({
          file,
          path: '',
          found: `a file that ${whyFailed(error)}`,
          allowed: 'a readable file',
        })
        return []
      }
    })
  return (await Promise.all(read)).flat()
}

/**
 * Splits YAML front matter between two lines `---` from the Markdown below it. What is wrong goes to `problems`;
 * then the answer is undefined.
 */
export function parseFrontMatter(
  file: string,
  text: string,
  problems: ConfigProblem[],
): FrontMatter | undefined {
  const refuse = (found: string, allowed: string): undefined => {
    problems.push({ file, path: '', found, allowed })
  }
  const [, front, body] = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n([\s\S]*))?$/.exec(text) ?? []
  if (front === undefined) return refuse('no front matter', 'YAML between two lines "---", then Markdown')
  const document = parseDocument(front, { prettyErrors: false })
  const [mistake] = document.errors
  if (mistake !== undefined) return refuse(`a mistake in the YAML (${mistake.message})`, 'one YAML document')
  return { input: document.toJS({ maxAliasCount: 100 }), body: (body ?? '').trim() }
}
