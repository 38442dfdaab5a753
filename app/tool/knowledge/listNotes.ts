import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { whyFailed } from '#app/config/fileAccess.ts'

const maxFiles = 2000
const maxFileBytes = 1024 * 1024
/** All notes together: their index takes twenty times as much memory. */
const maxBytes = 8 * 1024 * 1024
const maxEntries = 20_000

export interface Note {
  /** Where it lies, with every link followed. */
  path: string
  /** What it is called: the folder's name and the path in it. */
  name: string
  /** Changes whenever the file does. */
  version: string
}

export interface Notes {
  notes: Note[]
  /** What is left out, and why, as sentences. */
  missing: string[]
}

/**
 * The Markdown files in these folders and below, by name. Links that lead out of their folder are not followed,
 * names with a leading dot are skipped, and a file that is reached twice counts once.
 */
export async function listNotes(folders: string[]): Promise<Notes> {
  const notes: Note[] = []
  const missing: string[] = []
  const seen = new Set<string>()
  let bytes = 0
  let entries = 0
  let tooMany = false

  const visit = async (root: string, path: string, name: string): Promise<void> => {
    entries += 1
    if (entries > maxEntries) return
    const real = await realpath(path).catch(() => undefined)
    if (real === undefined || seen.has(real) || !isWithin(root, real)) return
    seen.add(real)
    const found = await stat(real).catch(() => undefined)
    if (found?.isDirectory()) {
      const names = await readdir(real).catch(() => [])
      for (const one of names.filter((one) => !one.startsWith('.')).sort())
        await visit(root, join(real, one), `${name}/${one}`)
    }
    if (!found?.isFile() || !/\.(md|markdown)$/i.test(name)) return
    const tooLarge =
      found.size > maxFileBytes
        ? 'it is larger than 1 MiB'
        : bytes + found.size > maxBytes && 'all notes together are larger than 8 MiB'
    if (tooLarge) {
      missing.push(`${name} is left out: ${tooLarge}.`)
      return
    }
    if (notes.length >= maxFiles) {
      tooMany = true
      return
    }
    bytes += found.size
    notes.push({ path: real, name, version: `${found.mtimeMs} ${found.size} ${found.ino}` })
  }

  for (const folder of folders) {
    try {
      const root = await realpath(folder)
      await readdir(root)
      await visit(root, root, basename(folder))
    } catch (error) {
      missing.push(`The folder ${folder} ${whyFailed(error)}.`)
    }
  }
  if (entries > maxEntries || tooMany)
    missing.push(`Only the first ${notes.length} files are searched: there are too many.`)
  return { notes, missing }
}

function isWithin(root: string, path: string): boolean {
  const way = relative(root, path)
  return way !== '..' && !way.startsWith(`..${sep}`)
}
