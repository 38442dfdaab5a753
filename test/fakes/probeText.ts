/** What a host's probe could print: a healthy machine, with what a test wants otherwise. */
export interface ProbeFigures {
  hostname?: string
  bootId?: string
  uptimeS?: number
  /** Its clock, in s since 1970; default: ours at the time that this is made. */
  clock?: number
  /** Ticks of the cores: busy and idle since the boot. */
  ticks?: [busy: number, idle: number]
  memoryKb?: { total: number; available: number }
  tmux?: ProbeSession[]
  gpus?: number
  /** Whole sections in place of those here, or further ones: `{gpu: ['error …', …]}` with exit code 0. */
  sections?: Record<string, string[] | { code: number; lines: string[] }>
}

export interface ProbeSession {
  number: number
  name: string
  /** s since 1970 */
  created: number
  clients?: number
  lastAttached?: number
  panePid?: number
}

const nonce = '0123456789abcdef'

/** The probe's answer as its protocol has it, about 3 kB with a GPU and some tmux sessions. */
export function probeText(figures: ProbeFigures = {}): string {
  const sections: NonNullable<ProbeFigures['sections']> = {
    host: hostLines(figures),
    memory: memoryLines(figures),
    disks: [
      'Filesystem     1024-blocks      Used Available Capacity Mounted on',
      '/dev/vda1        102400000  40960000  61440000      40% /',
      '/dev/vdb1       1024000000 512000000 512000000      50% /data',
    ],
    tmux: tmuxLines(figures.tmux ?? []),
    ...(figures.gpus ? gpuSections(figures.gpus) : {}),
    procs: procLines(figures.tmux ?? []),
    ...figures.sections,
  }
  const bodies = Object.entries(sections).map(([name, section]) => {
    const { code, lines } = Array.isArray(section) ? { code: 0, lines: section } : section
    return [`${nonce} begin ${name}`, ...lines, `${nonce} end ${name} ${code} 12`].join('\n')
  })
  return `breakglass-probe 1 ${nonce}\n${bodies.join('\n')}\n${nonce} done\n`
}

function hostLines({ hostname = 'replayed', ...figures }: ProbeFigures): string[] {
  const { bootId = '11111111-2222-3333-4444-555555555555', uptimeS = 86_400, ticks = [100, 900] } = figures
  const clock = figures.clock ?? Math.floor(Date.now() / 1000)
  return [
    `hostname ${hostname}`,
    'kernel 6.1.0-28-amd64',
    'os Debian GNU/Linux 12 (bookworm)',
    `boot_id ${bootId}`,
    `uptime ${uptimeS}.00`,
    `clock ${clock}`,
    'clk_tck 100',
    'page_kb 4',
    'cpus 8',
    'load 0.50 0.40 0.30 1/234 5678',
    `stat cpu  ${ticks[0]} 0 0 ${ticks[1]} 0 0 0 0 0 0`,
    'scope all',
    'account breakglass',
  ]
}

function memoryLines({ memoryKb = { total: 16_000_000, available: 12_000_000 } }: ProbeFigures): string[] {
  return [
    `MemTotal:       ${memoryKb.total} kB`,
    'MemFree:         6000000 kB',
    `MemAvailable:   ${memoryKb.available} kB`,
    'Buffers:          200000 kB',
    'Cached:          4000000 kB',
    'SwapTotal:       2000000 kB',
    'SwapFree:        2000000 kB',
  ]
}

function tmuxLines(sessions: ProbeSession[]): string[] {
  if (sessions.length === 0) return []
  const each = sessions.flatMap(
    ({ number, name, created, clients = 0, lastAttached, panePid = 4000 + number }) => [
      `session ${number} ${created} ${lastAttached ?? '-'} ${created} ${clients} 1 ${name}`,
      `window ${number} ${created}`,
      `pane ${number} ${panePid}`,
    ],
  )
  return ['server 1000 alice 3000 3.3a 1 /tmp/tmux-1000/default', ...each]
}

function gpuSections(count: number): Record<string, string[]> {
  const fields =
    'index,uuid,pci.bus_id,power.draw,power.limit,memory.used,memory.total,utilization.gpu,temperature.gpu,name'
  const gpus = Array.from(
    { length: count },
    (_, i) =>
      `${i}, GPU-00000000-0000-0000-0000-00000000000${i}, 00000000:0${i + 1}:00.0, 61.50, 300.00, 1024, 24576, 35, 54, NVIDIA A10`,
  )
  return { gpu: [`fields ${fields}`, ...gpus], gpu_procs: [] }
}

function procLines(sessions: ProbeSession[]): string[] {
  return sessions.flatMap(({ number, panePid = 4000 + number }) => [
    `proc ${panePid} 3000 ${panePid} 1000 120 5000 2000 bash`,
    `proc ${panePid + 1000} ${panePid} ${panePid} 1000 4500 6000 90000 python3`,
  ])
}
