import type { Host } from '#app/schema/fleet.ts'

/** What a card of a host is thought to be high, in px, before it has been drawn. */
export function cardHeight(host: Host, folded: boolean): number {
  if (folded) return 104
  const tmux = Math.min(host.tmux.length, 4)
  const gpus = host.gpus.reduce(
    (sum, gpu) =>
      sum + (gpu.unreadable === undefined ? 176 + Math.min(gpu.processes?.length ?? 0, 2) * 24 : 64),
    0,
  )
  return 190 + gpus + tmux * 74
}

/**
 * Each where there is most room, so that the worst stand on top and no column has holes; but what has a column
 * already stays in it.
 */
export function placeInColumns<T>(
  items: T[],
  columns: number,
  heightOf: (item: T) => number,
  columnOf: (item: T) => number | undefined = () => undefined,
): T[][] {
  const placed = Array.from({ length: columns }, () => ({ items: [] as T[], height: 0 }))
  for (const item of items) {
    const shortest = placed.reduce((best, one) => (one.height < best.height ? one : best))
    const column = placed[columnOf(item) ?? -1] ?? shortest
    column.items.push(item)
    column.height += heightOf(item)
  }
  return placed.map((column) => column.items)
}
