import { readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'

/** The most JavaScript that the first load may weigh, gzipped. */
export const limitBytes = 70_000

interface Chunk {
  file: string
  imports?: string[]
  dynamicImports?: string[]
}

const here = fileURLToPath(new URL('.', import.meta.url))
/** What opening the app loads at once: the start, the layout, `/`, and the session that it leads to. */
const routes = ['/', '/session/[id]']

/**
 * Weighs the built app's first load: every script that the start page and the session screen need, each gzipped
 * by itself as a server sends it. Run after `vite build`.
 */
export function weighFirstLoad(): { files: { file: string; bytes: number }[]; bytes: number } {
  const client = `${here}.svelte-kit/output/client/`
  const manifest = JSON.parse(readFileSync(`${client}.vite/manifest.json`, 'utf8')) as Record<string, Chunk>
  const appKey = keyOf(manifest, (key) => key.endsWith('/client-optimized/app.js'))
  const startKey = keyOf(manifest, (key) => key.endsWith('/client/entry.js'))
  const nodes = nodesOf(readFileSync(client + (manifest[appKey]?.file ?? ''), 'utf8'))
  const wanted = new Set<string>()
  const add = (key: string): void => {
    if (wanted.has(key)) return
    wanted.add(key)
    manifest[key]?.imports?.forEach(add)
  }
  add(appKey)
  add(startKey)
  manifest[startKey]?.dynamicImports?.forEach(add)
  for (const node of nodes) add(keyOf(manifest, (key) => key.endsWith(`/client-optimized/nodes/${node}.js`)))
  const files = [...wanted]
    .map((key) => manifest[key]?.file ?? '')
    .filter((file) => file.endsWith('.js'))
    .map((file) => ({ file, bytes: gzipSync(readFileSync(client + file), { level: 9 }).length }))
    .sort((a, b) => b.bytes - a.bytes)
  return { files, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) }
}

function keyOf(manifest: Record<string, Chunk>, matches: (key: string) => boolean): string {
  const key = Object.keys(manifest).find(matches)
  if (key === undefined) throw new Error('The build has another shape than expected; run `vite build` first.')
  return key
}

/** The numbers of the nodes that the routes need, from Kit's dictionary of routes; 0 is the layout, 1 the error. */
function nodesOf(app: string): number[] {
  const found = routes.map((route) => {
    const entry = app.match(new RegExp(`["'\`]?${route.replace(/[[\]/]/g, '\\$&')}["'\`]?:\\s*\\[(\\d+)`))
    if (entry === null) throw new Error(`The build has no route ${route}.`)
    return Number(entry[1])
  })
  return [0, ...found]
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { files, bytes } = weighFirstLoad()
  for (const { file, bytes: size } of files) console.log(`${String(size).padStart(7)}  ${file}`)
  console.log(`${String(bytes).padStart(7)}  of ${limitBytes} bytes of JavaScript, gzipped`)
  if (bytes > limitBytes) process.exitCode = 1
}
