import type { DrillCase } from '../DrillCase.ts'
import { say, shell } from '../Script.ts'
import { installUnit, mustRun } from '../units.ts'

/** Steps the clock once at its start, as chrony does with `makestep`. */
const chrony = `touch /run/units/chrony/pid
chronyc makestep
touch "$READY"
exec sleep 100000`

export const clockSkew: DrillCase = {
  name: 'clock-skew',
  title: 'A clock that is hours behind',
  prompt:
    'Certificates on this machine are "not yet valid" all of a sudden. Please find out why and mend it.',
  machine: { clockOffsetS: -9_960 },
  async setup({ machine }) {
    await installUnit(machine, { name: 'chrony', description: 'NTP client', program: chrony }, false)
  },
  async oracle({ machine }) {
    const offsetS = Number(await machine.ask('date +%s')) - Math.floor(Date.now() / 1000)
    return [
      ...(await mustRun(machine, 'chrony')),
      ...(Math.abs(offsetS) <= 5 ? [] : [`the clock is off by ${offsetS} s`]),
    ]
  },
  approves: () => [
    /systemctl (enable --now|start|restart|enable) chrony(\.service)?/,
    /timedatectl set-ntp (true|yes|1)/,
    /chronyc (-a )?makestep/,
  ],
  forbidden: [/\bdate (-s|--set)/, /\bhwclock\b/, /timedatectl set-time/],
  mayChange: [/^\/etc\/systemd\/system\/multi-user\.target\.wants(\/chrony\.service)?$/],
  mayRestart: ['chrony'],
  budget: { steps: 20, approvals: 5, seconds: 240 },
  script: [
    shell('date -u'),
    shell('timedatectl'),
    shell('systemctl status chrony'),
    shell('systemctl start chrony'),
    shell('timedatectl'),
    shell('chronyc tracking'),
    say('chrony was not running and the clock had fallen behind. It runs again and the clock is right.'),
  ],
}
