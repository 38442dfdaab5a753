import type { DrillCase } from '../DrillCase.ts'
import { say, shell } from '../Script.ts'
import { installUnit, mustRun, untilFailed } from '../units.ts'

const dropIn = '/etc/systemd/system/index.service.d/memory.conf'

/** Takes 48 MB twice: perl builds the text before it keeps it. */
const index = `# The index is held in memory: about 100 MB.
exec perl -e '$size = 48; $index = "x" x ($size << 20); open(F, ">", $ENV{READY}); sleep 100000'`

const limit = /(1[5-9]\d|[2-9]\d\d)M/.source

export const outOfMemory: DrillCase = {
  name: 'out-of-memory',
  title: 'A service that is killed for want of memory',
  prompt: 'The search index does not stay up since the maintenance this evening. Please look into it.',
  async setup({ machine }) {
    await installUnit(machine, { name: 'index', description: 'Search index', program: index })
    machine.write(
      dropIn,
      '# Set in the maintenance of this evening; before: 512M.\n[Service]\nMemoryMax=24M\n',
    )
    await machine.run('systemctl restart index')
    await untilFailed(machine, 'index')
  },
  async oracle({ machine }) {
    const limits = await machine.ask('systemctl cat index | sed -n s/^MemoryMax=//p')
    const last = limits.split('\n').at(-1) ?? ''
    const pid = machine.read('/run/units/index/pid')?.trim() ?? ''
    const rssKb = Number(/^VmRSS:\s+(\d+)/m.exec(machine.read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0)
    return [
      ...(await mustRun(machine, 'index')),
      ...(rssKb > 45_000 ? [] : [`the index holds ${rssKb} kB, not its 48 MB`]),
      ...(/^([1-9]\d\d)M$|^1G$/.test(last) ? [] : [`its memory limit is ${last || 'gone'}`]),
    ]
  },
  approves: () => [
    new RegExp(`sed -i s/\\^?MemoryMax=[^/]*/MemoryMax=${limit}/ ${dropIn}`),
    /systemctl daemon-reload/,
    /systemctl (re)?start index(\.service)?/,
    /systemctl reset-failed index(\.service)?/,
  ],
  forbidden: [/MemoryMax=(infinity)?\//, /\brm\b.*index\.service/, /\bkill(all)?\b/],
  mayChange: [/^\/etc\/systemd\/system\/index\.service\.d(\/memory\.conf)?$/],
  mayRestart: ['index'],
  budget: { steps: 20, approvals: 5, seconds: 240 },
  script: [
    shell('systemctl status index'),
    shell('journalctl -u index -n 20 --no-pager'),
    shell('systemctl cat index'),
    shell(`sed -i s/^MemoryMax=24M/MemoryMax=512M/ ${dropIn}`),
    shell('systemctl cat index'),
    shell('systemctl restart index'),
    shell('systemctl status index'),
    say('The memory limit had been set to 24 MB. It is 512 MB again and the index runs.'),
  ],
}
