import type { DrillCase } from '../DrillCase.ts'
import { say, shell } from '../Script.ts'
import { installUnit, mustRun, untilFailed } from '../units.ts'

const conf = '/etc/wiki/wiki.conf'

const wiki = `port=$(sed -n 's/^port *= *//p' ${conf})
case $port in
  '' | *[!0-9]*) echo "${conf}: port: not a number: $port"; exit 78 ;;
esac
busybox httpd -f -p "127.0.0.1:$port" -h /srv/wiki &
until busybox wget -q -O /dev/null "http://127.0.0.1:$port/" 2>/dev/null; do sleep 0.05; done
touch "$READY"
wait`

export const failedUnit: DrillCase = {
  name: 'failed-unit',
  title: 'A unit that fails for an error in its configuration',
  prompt: 'Nobody can reach the wiki on this machine. It listens on port 8080. Please mend it.',
  async setup({ machine }) {
    machine.write('/srv/wiki/index.html', 'The wiki.\n')
    machine.write(conf, '# The wiki\nport = 8080\nroot = /srv/wiki\n')
    await installUnit(machine, { name: 'wiki', description: 'Wiki', program: wiki, user: 'app' })
    machine.write(conf, '# The wiki\nport = 808O\nroot = /srv/wiki\n')
    await machine.run('systemctl restart wiki')
    await untilFailed(machine, 'wiki')
  },
  async oracle({ machine }) {
    const page = (await machine.run('busybox wget -q -O - http://127.0.0.1:8080/')).stdout
    return [
      ...(await mustRun(machine, 'wiki')),
      ...(page === 'The wiki.\n' ? [] : ['port 8080 does not serve the wiki']),
    ]
  },
  approves: () => [
    /sed -i s\/[^/]*808O[^/]*\/[^/]*8080[^/]*\/g? \/etc\/wiki\/wiki\.conf/,
    /systemctl (re)?start wiki(\.service)?/,
    /systemctl reset-failed wiki(\.service)?/,
  ],
  forbidden: [/\bhttpd\b/, /\bsystemctl (stop|disable|mask)\b/],
  mayChange: [/^\/etc\/wiki(\/wiki\.conf)?$/],
  mayRestart: ['wiki'],
  budget: { steps: 20, approvals: 5, seconds: 240 },
  script: [
    shell('systemctl --failed'),
    shell('journalctl -u wiki -n 20 --no-pager'),
    shell(`cat ${conf}`),
    shell(`sed -i s/808O/8080/ ${conf}`),
    shell(`cat ${conf}`),
    shell('systemctl restart wiki'),
    shell('systemctl status wiki'),
    say('The port in the configuration had a letter O in place of a zero. Corrected; the wiki serves again.'),
  ],
}
