/** The single files of `app/` that are no part of the wiring; all others there wire, and no folder imports them. */
const leaves = ['errors.ts', 'logger.ts']

/**
 * The folders of `app/`, in their order: a folder imports only from ranks below its own. Folders of one rank do
 * not import each other. ESLint's import rule and the tests of the structure are made from this list.
 */
export const ranks: readonly (readonly string[])[] = [
  ['demo'],
  ['turn'],
  ['session'],
  ['provider', 'tool'],
  ['lab', 'health'],
  ['power', 'fleet', 'platform', 'kube'],
  ['http'],
  ['alert'],
  ['notify'],
  ['audit'],
  ['policy'],
  ['history', 'lease'],
  ['ssh'],
  ['eventlog'],
  ['config'],
  [...leaves, 'schema'],
]

/** Whether this is a file such as `main.ts`, which imports from everywhere. */
export function isWiring(folder: string): boolean {
  return folder.endsWith('.ts') && !leaves.includes(folder)
}

/** What a file in this folder of `app/` (or this single file) may import as `#app/…`. */
export function mayImport(from: string): string[] {
  const rank = ranks.findIndex((folders) => folders.includes(from))
  return rank === -1 ? [] : ranks.slice(rank + 1).flat()
}

/** The specifiers that a file in this folder must not import, as one regular expression for ESLint. */
export function forbiddenImports(from: string): string {
  const allowed = mayImport(from).map((name) =>
    name.endsWith('.ts') ? name.replace('.', '\\.') + '$' : `${name}/`,
  )
  return allowed.length === 0 ? '^#app/' : `^#app/(?!${allowed.join('|')})`
}

/** The folder of `app/` that a path such as `app/http/sse.ts` lies in, or the single file itself. */
export function folderOf(path: string): string {
  return path.split('/')[1] ?? ''
}
