import { readFile } from 'node:fs/promises'
import MiniSearch from 'minisearch'
import { listNotes, type Note } from './listNotes.ts'
import { splitSections, type Section } from './splitSections.ts'

export interface Hit extends Section {
  /** The note's name. */
  note: string
}

export interface Hits {
  /** Best first. */
  hits: Hit[]
  /** How many sections match. */
  matching: number
  /** How many sections there are. */
  of: number
  /** What could not be searched, as sentences. */
  missing: string[]
}

interface Built {
  /** Of the notes that it was made from. */
  version: string
  index: MiniSearch<Entry>
  sections: Hit[]
}

interface Entry {
  id: number
  heading: string
  above: string
  note: string
  text: string
}

/** Words that stand everywhere: in a heading they would outweigh what is asked for. */
const common = new Set(
  'a an and are as at be but by can do does for from has have how i if in is it its my no not of on or so that the then there this to was what when which who why will with'.split(
    ' ',
  ),
)

/** The notes of some folders, by the words in their sections. Made at the first search, and anew when a file changed. */
export class KnowledgeIndex {
  readonly #folders: () => string[]
  #built: Built | undefined
  #refreshing: Promise<{ built: Built; missing: string[] }> | undefined

  constructor(folders: () => string[]) {
    this.#folders = folders
  }

  /** Sections with any of the words, or words that begin like them or are nearly them. */
  async search(query: string, limit: number): Promise<Hits> {
    // Who comes while the files are looked at shares what is found.
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined))
    const { built, missing } = await this.#refreshing
    const found = built.index.search(query)
    // A result's id is the place of its section.
    const hits = found.slice(0, limit).flatMap(({ id }) => built.sections[Number(id)] ?? [])
    return { hits, matching: found.length, of: built.sections.length, missing }
  }

  async #refresh(): Promise<{ built: Built; missing: string[] }> {
    const { notes, missing } = await listNotes(this.#folders())
    const version = JSON.stringify(notes.map(({ path, version }) => [path, version]))
    if (this.#built?.version !== version) this.#built = { version, ...(await build(notes)) }
    return { built: this.#built, missing }
  }
}

async function build(notes: Note[]): Promise<Omit<Built, 'version'>> {
  const sections: Hit[] = []
  for (const { path, name } of notes) {
    // Gone since it was listed: the next search notices.
    const text = await readFile(path, 'utf8').catch(() => '')
    sections.push(...splitSections(text).map((section) => ({ ...section, note: name })))
  }
  const index = new MiniSearch<Entry>({
    processTerm: (term) => {
      const word = term.toLowerCase()
      return common.has(word) ? null : word
    },
    fields: ['heading', 'above', 'note', 'text'],
    searchOptions: {
      boost: { heading: 4, above: 2, note: 2 },
      prefix: (term) => term.length > 3,
      fuzzy: (term) => (term.length > 5 ? 0.2 : false),
      weights: { prefix: 0.4, fuzzy: 0.2 },
    },
  })
  const entries = sections.map(({ headings, note, text }, id) => {
    return { id, heading: headings.at(-1) ?? '', above: headings.slice(0, -1).join(' '), note, text }
  })
  // In pieces: other work goes on in between.
  await index.addAllAsync(entries, { chunkSize: 20 })
  return { index, sections }
}
