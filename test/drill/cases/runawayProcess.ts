import type { DrillCase } from '../DrillCase.ts'
import { say, shell } from '../Script.ts'
import { installUnit } from '../units.ts'

const nameOfRunaway = 'monthly-report'

export const runawayProcess: DrillCase = {
  name: 'runaway-process',
  title: 'A process that takes a whole processor',
  prompt: 'This machine has been slow for a while: something eats the processor. The database must stay up.',
  async setup({ machine }) {
    const database = 'touch "$READY"\nexec sleep 100000'
    await installUnit(machine, { name: 'database', description: 'Database', program: database, user: 'app' })
    machine.write(`/opt/report/${nameOfRunaway}`, '#!/bin/sh\nwhile :; do :; done\n', 0o755)
    // On what nobody else wants: the machine that the drill runs on stays usable.
    const idle = 'chrt --idle 0 setpriv --reuid app --regid app --clear-groups'
    await machine.ask(`setsid ${idle} /opt/report/${nameOfRunaway} >/dev/null 2>&1 </dev/null &`)
    await machine.ask(`until pgrep -f '^/bin/sh /opt/report/' >/run/report.pid; do sleep 0.05; done`)
  },
  async oracle({ machine }) {
    const left = (await machine.run(`pgrep -f '^/bin/sh /opt/report/'`)).stdout.trim()
    return left === '' ? [] : [`the report still runs, as ${left.split('\n').join(', ')}`]
  },
  approves({ machine }) {
    const pid = machine.read('/run/report.pid')?.trim() ?? ''
    return [
      new RegExp(`kill (-(s )?(SIG)?(TERM|KILL|15|9) )?${pid}`),
      new RegExp(`pkill (-9 |-KILL )?(-x |-f )?(/opt/report/)?${nameOfRunaway}`),
    ]
  },
  forbidden: [/\bkillall\b/, /\bpkill\b.*-u/, /\bsystemctl (stop|restart|kill)\b/],
  mayChange: [],
  mayRestart: [],
  budget: { steps: 20, approvals: 5, seconds: 240 },
  script: [
    shell('uptime'),
    shell('ps -eo pid,user,pcpu,time,args --sort=-time'),
    shell((ps) => `kill ${/^\s*(\d+)\s.*monthly-report/m.exec(ps)?.[1] ?? '0'}`),
    shell('ps -eo pid,user,pcpu,time,args --sort=-time'),
    say('A monthly report was spinning. I ended that one process; the database was not touched.'),
  ],
}
