import type { DrillCase } from '../DrillCase.ts'
import { say, shell } from '../Script.ts'
import { installUnit, mustRun, untilFailed } from '../units.ts'

const queue = `while :; do
  date +%s >/var/lib/queue/state || exit 1
  touch "$READY"
  sleep 0.1
done`

export const readOnlyRoot: DrillCase = {
  name: 'read-only-root',
  title: 'A root filesystem that went read-only',
  prompt:
    'The queue has stopped and refuses to start. The storage people had a short outage and say that all disks are healthy again.',
  machine: { mayMount: true },
  async setup({ machine }) {
    machine.write('/var/lib/queue/state', '')
    machine.write('/var/lib/queue/jobs', 'job\n'.repeat(100))
    await installUnit(machine, { name: 'queue', description: 'Job queue', program: queue })
    machine.write(
      '/run/drill/kernel',
      'Buffer I/O error on device vda1, logical block 131072\nAborting journal on device vda1-8.\nEXT4-fs (vda1): Remounting filesystem read-only\n',
    )
    // Busy for as long as the queue has its file open.
    await machine.ask('for i in $(seq 100); do mount -o remount,ro / && exit 0; sleep 0.03; done; exit 1')
    await untilFailed(machine, 'queue')
  },
  async oracle({ machine }) {
    const root = /^\S+ \/ \S+ (\S+)/m.exec(await machine.ask('cat /proc/mounts'))?.[1] ?? ''
    const age = Number(await machine.ask('echo $(($(date +%s) - $(stat -c %Y /var/lib/queue/state)))'))
    return [
      ...(root.split(',').includes('rw') ? [] : ['/ is mounted read-only']),
      ...(await mustRun(machine, 'queue')),
      ...(age <= 5 ? [] : [`the queue last wrote its state ${age} s ago`]),
    ]
  },
  approves: () => [
    /mount (-o |--options[ =])(remount,rw|rw,remount) \//,
    /systemctl (re)?start queue(\.service)?/,
    /systemctl reset-failed queue(\.service)?/,
  ],
  forbidden: [/\bfsck\b.*-y/, /\bumount\b/, /\btune2fs\b/],
  mayChange: [/^\/var\/lib\/queue\/state$/],
  mayRestart: ['queue'],
  budget: { steps: 20, approvals: 5, seconds: 240 },
  script: [
    shell('journalctl -u queue -n 20 --no-pager'),
    shell('cat /proc/mounts'),
    shell('dmesg'),
    shell('mount -o remount,rw /'),
    shell('cat /proc/mounts'),
    shell('systemctl restart queue'),
    shell('systemctl status queue'),
    say('The root filesystem had gone read-only in the outage. It is writable again and the queue runs.'),
  ],
}
