import { rule, within, type Rule, type Use } from './allowlistRule.ts'
import { namesObjection } from './networkNames.ts'

/** Services, packages, storage, and what runs services for others. */

const units = rule('', 'texts')
const showEnvironment = 'it shows the environment of the service: name the properties with -p'

function showObjection({ flags }: Use): string | undefined {
  const properties = [
    ...(flags.get('-p') ?? []),
    ...(flags.get('-P') ?? []),
    ...(flags.get('--property') ?? []),
  ]
  if (properties.length === 0) return showEnvironment
  return properties.some((name) => /environ|credential/i.test(name)) ? showEnvironment : undefined
}

const systemctl = rule(
  '-a -l -q -r -t:text -n:number -o:text --all --full --failed --no-pager --no-legend --plain --quiet --recursive --reverse ' +
    '--state:text --type:text --lines:number --output:text --user --system --value -p:text -P:text --property:text ' +
    '--before --after --with-dependencies --show-types --timestamp:text --legend:text',
  'sub',
  {
    sub: {
      '': rule(''),
      status: units,
      show: rule('', 'texts', { check: showObjection }),
      cat: units,
      'list-units': units,
      'list-unit-files': units,
      'list-timers': units,
      'list-sockets': units,
      'list-mounts': units,
      'list-dependencies': units,
      'list-jobs': units,
      'is-active': units,
      'is-enabled': units,
      'is-failed': units,
      'is-system-running': rule(''),
      'get-default': rule(''),
    },
  },
)

const journalctl = rule(
  '-a -b?:text -# -e -k -l -m -n?:number -N -o:text -p:text -q -r -S:text -t:text -u:text -U:text -x -c:text -g:text -F:text ' +
    '--all --boot?:text --catalog --dmesg --facility:text --field:text --fields --full --grep:text --case-sensitive?:text ' +
    '--header --identifier:text --lines?:number --list-boots --merge --no-full --no-hostname --no-pager --no-tail ' +
    '--output:text --output-fields:text --pager-end --priority:text --quiet --reverse --since:text --system --unit:text ' +
    '--until:text --user --user-unit:text --utc --disk-usage --truncate-newline --cursor:text --after-cursor:text --show-cursor',
  'texts',
  {
    endless: '-f --follow',
    check({ operands }) {
      const odd = operands.find(({ value }) => !/^([A-Z_0-9]+=.*|\+|\/.*|-?\d+|[0-9a-f]{32})$/s.test(value))
      return odd && `the argument ${odd.value} is no match`
    },
  },
)

const lvm = rule(
  '-a -o:text -v -S:text -O:text --all --noheadings --nosuffix --units:text --segments --options:text',
  'texts',
)
/** `/etc/init.d/NAME status`: a name with a slash would be another script. */
const statusOnly = ({ operands: [name, verb, more] }: Use): string | undefined =>
  /^[\w@.-]+$/.test(name?.value ?? '') && verb?.value === 'status' && !more
    ? undefined
    : 'only its status is known to only read'

const pools = rule('-l -i -H -v -p -x -L -P -o:text', 'texts', {
  check: ({ operands }) =>
    operands.some(({ value }) => /^[\d.]+$/.test(value))
      ? 'with an interval it does not end by itself'
      : undefined,
})
const datasets = rule('-H -p -r -o:text -t:text -d:number -s:text -S:text', 'texts')

export const allowlistServices: Readonly<Record<string, Rule>> = {
  systemctl,
  journalctl,
  'systemd-analyze': rule('--no-pager --user --system', 'sub', {
    sub: { '': rule(''), time: rule(''), blame: rule(''), 'critical-chain': units },
  }),
  'systemd-cgls': rule('-a -l -k --all --full --no-pager', 'texts'),
  'systemd-cgtop': rule(
    '-b -n:number -p -t -c -m -i -d:text -1 --batch --iterations:number --depth:number',
    'none',
    {
      check: ({ flags }) =>
        flags.has('-1') || within(10, (flags.get('-n') ?? flags.get('--iterations'))?.at(-1))
          ? undefined
          : 'without a small -n it does not end by itself',
    },
  ),
  'systemd-detect-virt': rule('-c -v -q -r --container --vm'),
  coredumpctl: rule('--no-pager --no-legend -r -n:number --since:text --until:text -q -1', 'sub', {
    sub: { '': rule(''), list: units, info: units },
  }),
  loginctl: rule('--no-pager --no-legend -a -l', 'sub', {
    sub: {
      '': rule(''),
      'list-sessions': rule(''),
      'list-users': rule(''),
      'session-status': units,
      'user-status': units,
    },
  }),
  timedatectl: rule('-a --all --no-pager -p:text --property:text --value', 'sub', {
    sub: {
      '': rule(''),
      status: rule(''),
      show: rule(''),
      'timesync-status': rule(''),
      'show-timesync': rule(''),
    },
  }),
  hostnamectl: rule('--no-pager --static --pretty --json:text', 'sub', {
    sub: { '': rule(''), status: rule('') },
  }),
  localectl: rule('--no-pager', 'sub', { sub: { '': rule(''), status: rule('') } }),
  chronyc: rule('-n -N -c -4 -6 -a', 'sub', {
    sub: {
      tracking: rule(''),
      sources: rule('-v -a'),
      sourcestats: rule('-v -a'),
      activity: rule(''),
      ntpdata: rule('', 'texts', {
        check: ({ operands }) => namesObjection(operands.map(({ value }) => value)),
      }),
      serverstats: rule(''),
    },
  }),
  ntpq: rule('-p -n -4 -6'),
  'rc-status': rule(
    '-a -c -l -m -r -s -u --all --crashed --list --manual --runlevel --servicelist --unused -C --nocolor',
    'texts',
  ),
  service: rule('--status-all', 'texts', {
    check: (use) =>
      use.flags.has('--status-all') && use.operands.length === 0 ? undefined : statusOnly(use),
  }),
  'rc-service': rule('', 'texts', { check: statusOnly }),
  supervisorctl: rule('', 'sub', { sub: { status: units, avail: rule('') } }),
  dpkg: rule(
    '-l -L -s -S -V -C --list --listfiles --status --search --verify --audit --print-architecture',
    'texts',
    {
      check: ({ flags }) => (flags.size > 0 ? undefined : 'it names no query'),
    },
  ),
  'dpkg-query': rule(
    '-W -l -L -s -S -f:text --show --list --listfiles --status --search --showformat:text',
    'texts',
  ),
  rpm: rule(
    '-q -a -i -l -f -c -d -V -R --last --query --all --info --list --file --changelog --qf:text --queryformat:text',
    'texts',
    {
      check: ({ flags }) =>
        flags.has('-q') || flags.has('--query') ? undefined : 'without -q it could change packages',
    },
  ),
  apt: rule('--installed --upgradable -a', 'sub', { sub: { list: units, show: units, policy: units } }),
  'apt-cache': rule('', 'sub', {
    sub: { policy: units, show: units, madison: units, rdepends: units, depends: units },
  }),
  apk: rule('-v -a', 'sub', { sub: { info: units, version: rule('') } }),
  lsblk: rule(
    '-a -b -d -D -e:text -f -i -I:text -J -l -m -M -n -o:text -O -p -P -r -s -S -t -T -x:text -z --all --bytes --fs --json ' +
      '--noheadings --output:text --paths --topology --output-all --list --tree --nodeps --scsi',
    'places',
  ),
  blkid: rule('-o:text -s:text -p', 'places'),
  findmnt: rule(
    '-a -A -b -c -D -e -f -i -J -k -l -m -M:text -n -N:text -o:text -O:text -P -r -R -s -S:text -t:text -T:text -u -U -v -y --df --verify --real --pseudo --json --noheadings --output:text --target:text --source:text --types:text',
    'texts',
    {
      endless: '-p --poll -w --timeout',
    },
  ),
  mount: rule('-l -v -t:text'),
  mountpoint: rule('-d -n -q -x', 'places'),
  swapon: rule('-s --show?:text --noheadings --bytes --raw --summary', 'none', {
    check: ({ flags }) => (flags.size > 0 ? undefined : 'it names no query'),
  }),
  smartctl: rule(
    '-a -x -H -i -A -c -j -d:text -l:text -n:text -q:text -v:text --all --xall --health --info --attributes ' +
      '--capabilities --json?:text --scan --log:text --device:text',
    'places',
    {
      // `-l scterc,70,70` sets a limit.
      check: ({ flags }) =>
        [...(flags.get('-l') ?? []), ...(flags.get('--log') ?? [])].some((log) => !/^[a-z]+$/.test(log))
          ? 'that log could set something'
          : undefined,
    },
  ),
  nvme: rule('', 'sub', {
    sub: {
      list: rule('-o:text -v'),
      'smart-log': rule('-o:text -H', 'places'),
      'error-log': rule('-o:text -e:number', 'places'),
      'list-subsys': rule('-o:text', 'places'),
    },
  }),
  mdadm: rule('-D -Q -E -s -v --detail --query --examine --scan --verbose --brief', 'places', {
    check: ({ flags }) =>
      ['-D', '-Q', '-E', '--detail', '--query', '--examine'].some((flag) => flags.has(flag))
        ? undefined
        : 'it names no query',
  }),
  pvs: lvm,
  vgs: lvm,
  lvs: lvm,
  zpool: rule('', 'sub', { sub: { status: pools, list: pools, history: pools, get: pools } }),
  zfs: rule('', 'sub', { sub: { list: datasets, get: datasets } }),
  btrfs: rule('', 'sub', {
    sub: {
      filesystem: rule('', 'sub', {
        sub: { show: rule('', 'places'), df: rule('-h', 'places'), usage: rule('-h -T', 'places') },
      }),
      device: rule('', 'sub', { sub: { stats: rule('', 'places'), usage: rule('-h', 'places') } }),
      scrub: rule('', 'sub', { sub: { status: rule('-d', 'places') } }),
    },
  }),
  xfs_info: rule('', 'places'),
  tune2fs: rule('-l', 'places', {
    check: ({ flags }) => (flags.has('-l') ? undefined : 'without -l it changes the filesystem'),
  }),
  dumpe2fs: rule('-h', 'places'),
  qm: rule('', 'sub', {
    sub: {
      list: rule(''),
      status: rule('--verbose', 'texts'),
      config: rule('--current', 'texts'),
    },
  }),
  pct: rule('', 'sub', {
    sub: { list: rule(''), status: rule('--verbose', 'texts'), config: rule('', 'texts') },
  }),
  pvesm: rule('', 'sub', { sub: { status: rule('--storage:text'), list: rule('', 'texts') } }),
  pvecm: rule('', 'sub', { sub: { status: rule(''), nodes: rule('') } }),
  pveversion: rule('-v --verbose'),
  'ha-manager': rule('', 'sub', { sub: { status: rule('--verbose'), config: rule('') } }),
}
