import { rule, within, type Rule, type Use } from './allowlistRule.ts'

/** A machine's processes, memory, clock, users and hardware. */

const psColumns = /^[a-z_%+,:=A-Z0-9]*$/
/** BSD letters; `e` is missing: it shows the environment. */
const psLetters = /^[aflrsTuvwxjhgSLmcnX]*o?$/

function psObjection({ flags, operands }: Use): string | undefined {
  for (const [index, { value }] of operands.entries()) {
    const previous = operands[index - 1]?.value ?? ''
    const columns = previous.endsWith('o') && psColumns.test(value)
    if (!psLetters.test(value) && !columns && !/^[\d,]+$/.test(value))
      return `the argument ${value} is not known to only read`
  }
  const columns = [...flags.values(), ...operands.map(({ value }) => [value])].flat()
  if (columns.some((column) => /env/i.test(column))) return 'it shows the environment of processes'
  // Where such a value names nobody, all words are read again as BSD letters, and an `e` anywhere counts.
  const people = ['-u', '-U', '-g', '-G', '-t', '-s'].flatMap((flag) => flags.get(flag) ?? [])
  const unclear = people.find((name) => psLetters.test(name.replaceAll('e', '')))
  const customary =
    unclear !== undefined &&
    /^x[fwh]*$/.test(unclear) &&
    [...flags.keys()].every((flag) => '-a-u'.includes(flag))
  return unclear === undefined || customary ? undefined : `${unclear} could be read as BSD options`
}

const counted = (most: number): Pick<Rule, 'check'> => ({
  check({ operands }) {
    const [interval, count] = operands
      .filter(({ value }) => /^\d+$/.test(value))
      .map(({ value }) => Number(value))
    if (interval === undefined) return undefined
    if (count === undefined) return 'without a count it does not end by itself'
    return count < 1 || interval * count > most ? `it takes more than ${most} seconds` : undefined
  },
})

const numbersOnly = ({ operands }: Use): string | undefined => {
  const odd = operands.find(({ value }) => !/^(\d+|ALL|[a-z]{2,4}\d*[a-z]*\d*)$/.test(value))
  return odd && `the argument ${odd.value} is not known to only read`
}
const sampler = (flags: string): Rule =>
  rule(flags, 'texts', { check: (use) => numbersOnly(use) ?? counted(60).check?.(use) })

export const allowlistSystem: Readonly<Record<string, Rule>> = {
  ps: rule(
    '-A -a -d -e -f -F -H -j -l -L -M -T -w -y -N -Z -m -c -x -C:text -G:text -g:text -o:text -O:text -p:text -q:text -s:text ' +
      '-t:text -U:text -u:text --sort:text --no-headers --no-heading --headers --forest --pid:text --ppid:text ' +
      '--user:text --format:text --cols:number --columns:number --width:number --deselect',
    'texts',
    { check: psObjection },
  ),
  pgrep: rule(
    '-a -c -d:text -f -g:text -G:text -i -l -n -o -O:number -P:text -t:text -u:text -U:text -v -w -x',
    'texts',
  ),
  pidof: rule('-c -o:text -s -x', 'texts'),
  pstree: rule('-a -A -c -g -G -h -H:text -l -n -p -s -S -t -T -u -U -Z', 'texts'),
  pmap: rule('-x -X -d -q -p', 'texts'),
  top: rule(
    '-b -n:number -c -d:text -H -i -o:text -p:text -s -S -u:text -U:text -w:number -e:text -E:text -1 -#',
    'none',
    {
      check({ flags }) {
        const count = Number(flags.get('-n')?.at(-1) ?? Infinity)
        const delay = Number(flags.get('-d')?.at(-1) ?? 3)
        if (!flags.has('-b') || count === Infinity) return 'without -b and -n it does not end by itself'
        return count >= 1 && count * delay <= 60 ? undefined : 'it takes more than 60 seconds'
      },
    },
  ),
  uptime: rule('-p -s -V --pretty --since'),
  free: rule(
    '-b -k -m -g -h -l -t -w -v --human --mega --giga --kibi --mebi --gibi --total --wide --si --lohi',
    'none',
    {
      endless: '-s --seconds',
    },
  ),
  vmstat: sampler('-a -d -D -f -m -n -s -t -w -S:text -p:text'),
  iostat: sampler('-c -d -h -k -m -N -p?:text -s -t -x -y -z'),
  mpstat: sampler('-A -u -P:text -I:text -n -N:text'),
  pidstat: sampler('-d -h -H -l -r -R -s -t -u -U -v -w -p:text -C:text -G:text'),
  sar: sampler('-A -b -B -d -h -H -q -r -R -S -u -v -w -W -y -z -P:text -n:text'),
  iotop: rule('-b -n:number -o -P -a -k -t -q -d:number -p:text -u:text', 'none', {
    check: ({ flags }) =>
      flags.has('-b') && within(10, flags.get('-n')?.at(-1))
        ? undefined
        : 'without -b and a small -n it does not end by itself',
  }),
  slabtop: rule('-o -s:text --once --sort:text', 'none', {
    check: ({ flags }) =>
      flags.has('-o') || flags.has('--once') ? undefined : 'without -o it does not end by itself',
  }),
  sleep: rule('', 'texts', {
    check: ({ operands: [time, more] }) =>
      !more && time && /^(\d+(\.\d+)?)s?$/.test(time.value) && parseFloat(time.value) <= 5
        ? undefined
        : 'it waits for more than five seconds',
  }),
  date: rule(
    '-u -R -I?:text -d:text -r:place --utc --rfc-3339:text --iso-8601?:text --date:text --reference:place --universal',
    'texts',
    {
      check: ({ operands }) =>
        operands.every(({ value }) => value.startsWith('+')) ? undefined : 'it could set the clock',
    },
  ),
  uname: rule('-a -s -n -r -v -m -p -i -o --all --kernel-release --machine --nodename'),
  arch: rule(''),
  nproc: rule('--all --ignore:number'),
  hostname: rule('-a -A -d -f -i -I -s -y --fqdn --short --all-ip-addresses --ip-address --domain --long'),
  whoami: rule(''),
  id: rule('-a -g -G -n -r -u -z -Z --user --group --groups --name', 'texts'),
  groups: rule('', 'texts'),
  who: rule('-a -b -d -H -l -m -p -q -r -s -t -T -u'),
  w: rule('-h -s -f -i -o -u', 'texts'),
  last: rule('-a -d -F -i -n:number -N -R -w -x -# -s:text -t:text --since:text --until:text', 'texts'),
  lastlog: rule('-u:text -t:number -b:number'),
  pwd: rule('-L -P'),
  true: rule(''),
  false: rule(''),
  echo: rule('', 'texts', { literal: true }),
  printf: rule('', 'texts', {
    check: ({ operands: [format] }) =>
      format && /^([^%]|%[-0-9]*[sd%])*$/.test(format.value)
        ? undefined
        : 'its format is not known to only print',
  }),
  // -v would evaluate what stands in a subscript.
  test: rule(
    '-a -b -c -d -e -f -g -G -h -k -L -n -O -p -r -s -S -u -w -x -z -eq -ne -lt -le -gt -ge -nt -ot -ef',
    'texts',
    {
      whole: true,
    },
  ),
  which: rule('-a', 'texts'),
  type: rule('-a -p -P -t', 'texts'),
  command: rule('-v -V', 'texts', {
    check: ({ flags }) =>
      flags.has('-v') || flags.has('-V') ? undefined : 'without -v it runs what it names',
  }),
  ulimit: rule('-a -H -S'),
  getconf: rule('-a', 'texts'),
  ipcs: rule('-a -l -m -p -q -s -t -u -c'),
  dmesg: rule(
    '-d -e -H -k -l:text -f:text -L?:text -p -P -r -t -T -u -x -S --ctime --human --level:text --facility:text --decode ' +
      '--kernel --userspace --reltime --time-format:text --since:text --until:text --nopager --color?:text --notime --show-delta',
    'none',
    { endless: '-w -W --follow --follow-new' },
  ),
  sysctl: rule('-a -A -n -N -e -b -X --all --values --names --pattern:text -r:text', 'texts', {
    check: ({ operands }) =>
      operands.some(({ value }) => value.includes('=')) ? 'it sets a value' : undefined,
  }),
  lsmod: rule(''),
  modinfo: rule('-a -d -F:text -n -p -l', 'texts'),
  lscpu: rule('-a -b -c -e?:text -J -p?:text -x -y'),
  lsmem: rule('-a -b -J -n -o:text -P -r -S:text'),
  lspci: rule('-b -D -k -m -n -q -Q -t -v -x -d:text -s:text'),
  lsusb: rule('-t -v -d:text -s:text'),
  lsns: rule('-J -l -n -o:text -p:number -r -t:text -u'),
  dmidecode: rule('-q -s:text -t:text --type:text --string:text --quiet'),
  sensors: rule('-A -f -u -j', 'texts'),
  numactl: rule('-H -s --hardware --show'),
  numastat: rule('-c -m -n -p:text -s?:text -v -z'),
  crontab: rule('-l', 'none', {
    check: ({ flags }) => (flags.has('-l') ? undefined : 'without -l it takes a new table'),
  }),
  'nvidia-smi': rule(
    '-q -L -i:text -d:text -h -x -B --query --list-gpus --id:text --display:text --query-gpu:text --query-compute-apps:text ' +
      '--query-accounted-apps:text --query-retired-pages:text --query-remapped-rows:text --format:text --xml-format',
    'sub',
    {
      whole: true,
      endless: '-l -lms --loop --loop-ms',
      sub: {
        '': rule(''),
        topo: rule('-m', 'none'),
        nvlink: rule('-s --status -c --capabilities -e'),
        pmon: rule('-c:number -s:text -o:text', 'none', {
          check: ({ flags }) =>
            within(30, flags.get('-c')?.at(-1)) ? undefined : 'without a small -c it does not end by itself',
        }),
        dmon: rule('-c:number -s:text -o:text', 'none', {
          check: ({ flags }) =>
            within(30, flags.get('-c')?.at(-1)) ? undefined : 'without a small -c it does not end by itself',
        }),
      },
    },
  ),
}
