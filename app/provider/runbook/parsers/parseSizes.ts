import { linesOf } from './linesOf.ts'

export interface Folder {
  path: string
  kb: number
}

/** Reads `du -x -k -d 1 …`: the folders, largest first, without those whose parent is listed as their sum. */
export function parseSizes(text: string): Folder[] {
  const folders = linesOf(text).flatMap((line) => {
    const match = /^(\d+)\s+(\/.*)$/.exec(line)
    return match ? [{ kb: Number(match[1]), path: match[2] ?? '' }] : []
  })
  return folders
    .filter(
      ({ path }) =>
        !folders.some((other) => other.path !== path && other.path.startsWith(`${path.replace(/\/$/, '')}/`)),
    )
    .sort((a, b) => b.kb - a.kb)
}
