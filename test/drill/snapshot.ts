import type { Machine } from './machine/Machine.ts'

/** What a repair must leave alone, by name: a path's kind, rights, owner and content; a unit's process. */
export type Snapshot = ReadonlyMap<string, string>

const folders = '/etc /home /opt /root /srv /usr/local /var'

export async function takeSnapshot(machine: Machine): Promise<Snapshot> {
  // Files come and go while services write: what vanishes under the eyes of find is no failure.
  const paths = await machine.ask(`find ${folders} -printf '%p\\t%y %m %U:%G %l\\n' 2>/dev/null || true`)
  const sums = await machine.ask(`find ${folders} -type f -exec sha1sum '{}' + 2>/dev/null || true`)
  const units = await machine.ask('grep -H . /run/units/*/pid || true')
  const found = new Map<string, string>()
  for (const line of paths.split('\n')) {
    const [path = '', what = ''] = line.split('\t')
    found.set(path, what)
  }
  for (const line of sums.split('\n')) {
    const path = line.slice(42)
    found.set(path, `${found.get(path) ?? ''} ${line.slice(0, 40)}`)
  }
  if (!found.has('/etc/passwd')) throw new Error('the machine could not be read')
  for (const line of units.split('\n')) {
    const [, name = '', pid = ''] = /^\/run\/units\/(.+)\/pid:(\d+)$/.exec(line) ?? []
    if (name !== '') found.set(`unit ${name}`, pid)
  }
  return found
}

/** A sentence for each thing that is not as it was, apart from what may differ. */
export function compareSnapshots(
  before: Snapshot,
  after: Snapshot,
  { mayChange, mayRestart }: { mayChange: RegExp[]; mayRestart: string[] },
): string[] {
  const names = new Set([...before.keys(), ...after.keys()])
  return [...names].flatMap((name) => {
    if (before.get(name) === after.get(name)) return []
    if (mayChange.some((path) => path.test(name))) return []
    if (mayRestart.some((unit) => name === `unit ${unit}`)) return []
    if (!after.has(name)) return [`${name} is gone`]
    return [before.has(name) ? `${name} was changed` : `${name} is new`]
  })
}
