import { isIP } from 'node:net'
import { rule, within, type Rule, type Use } from './allowlistRule.ts'
import { namesObjection, resolverObjection } from './networkNames.ts'

/** What looks names up, or reaches other machines by them. */

const values = ({ operands }: Use): string[] => operands.map(({ value }) => value)
const named = (use: Use): string | undefined => namesObjection(values(use))
const looked = rule('', 'texts', { check: named })

function pingObjection(use: Use): string | undefined {
  const count = Number(use.flags.get('-c')?.at(-1) ?? Infinity)
  if (count === Infinity) return 'without -c it does not end by itself'
  const interval = Number(use.flags.get('-i')?.at(-1) ?? 1)
  return count >= 1 && count * interval <= 30 ? named(use) : 'it takes more than 30 seconds'
}
const ping = rule(
  '-c:number -W:number -w:number -i:text -I:text -n -q -4 -6 -s:number -t:number -v -D -O -M:text',
  'texts',
  { check: pingObjection },
)

/** `+domain=` and others take a value that goes into the question. */
const digOption = /^\+([a-z0-9]+|(time|timeout|tries|retry|ndots|bufsize)=\d{1,5})$/

function digObjection(use: Use): string | undefined {
  const words = values(use)
  const odd = words.find((word) => word.startsWith('+') && !digOption.test(word))
  if (odd !== undefined) return `the option ${odd} is not known to only ask`
  const servers = words.filter((word) => word.startsWith('@'))
  const names = words.filter((word) => !/^[+@]/.test(word))
  return (
    servers.map((server) => resolverObjection(server.slice(1))).find((why) => why !== undefined) ??
    namesObjection([...names, ...(use.flags.get('-x') ?? [])])
  )
}

/** `host NAME SERVER`, `nslookup NAME SERVER`. */
function serverObjection(use: Use): string | undefined {
  const [name, server] = values(use)
  if (name === undefined) return 'it waits for input'
  return (server === undefined ? undefined : resolverObjection(server)) ?? named(use)
}

/** The names in a filter of `ss`: `dst example.org:443`, `( sport = :22 or dst 10.0.0.0/8 )`. */
function filterObjection(use: Use): string | undefined {
  const words = values(use).flatMap((word) => word.split(/[\s()=<>!,&|]+/))
  return namesObjection(words.map(hostOf).filter(Boolean))
}

/** What stands before a port or the length of a prefix. */
function hostOf(address: string): string {
  const host = address.replace(/\/\d{1,3}$/, '')
  if (isIP(host) !== 0) return host
  return host.replace(/:(\*|[\w-]{0,15})$/, '').replace(/^\[(.*)\]$|^\*$/, '$1')
}

function getentObjection(use: Use): string | undefined {
  const [database = '', ...keys] = values(use)
  if (/^(a?hosts(v[46])?|networks|ethers|netgroup)$/.test(database)) return namesObjection(keys)
  return /^(passwd|group|services|protocols|rpc|aliases)$/.test(database)
    ? undefined
    : `the database ${database} is not among the allowed ones`
}

/** `-i @example.org:443` looks a name up. */
function lsofObjection({ flags, operands }: Use): string | undefined {
  const odd = operands.find(({ value }) => value.startsWith('+') && !/^\+(L\d*|[cdD]\d*)$/.test(value))
  if (odd) return `the option ${odd.value} is not known to end`
  const words = [...(flags.get('-i') ?? []), ...operands.map(({ value }) => value)]
  const hosts = words.flatMap((value) => /^\w*@(.*)$/.exec(value)?.slice(1) ?? [])
  return namesObjection(hosts.map(hostOf))
}

export const allowlistNames: Readonly<Record<string, Rule>> = {
  ss: rule(
    '-4 -6 -0 -a -e -H -i -l -m -n -o -O -p -s -t -u -w -x -S -Z -f:text --all --listening --numeric --processes --tcp --udp --unix --summary --extended --info --no-header --oneline --memory --options',
    'texts',
    { endless: '-E --events', check: filterObjection },
  ),
  arp: rule('-a -n -e -v -i:text', 'texts', { check: named }),
  ping,
  ping6: ping,
  tracepath: rule('-4 -6 -n -b -m:number', 'texts', { check: named }),
  traceroute: rule('-4 -6 -n -I -T -U -w:number -q:number -m:number -p:number', 'texts', { check: named }),
  mtr: rule('-r -c:number -n -w -b -4 -6 --report --report-wide --report-cycles:number --no-dns', 'texts', {
    check: (use) =>
      (use.flags.has('-r') || use.flags.has('-w') || use.flags.has('--report')) &&
      within(30, use.flags.get('-c')?.at(-1) ?? '10')
        ? named(use)
        : 'without -r it does not end by itself',
  }),
  dig: rule('-4 -6 -t:text -x:text -p:number', 'texts', { check: digObjection }),
  host: rule('-4 -6 -a -t:text -v -W:number', 'texts', { check: serverObjection }),
  nslookup: rule('-type:text -timeout:number', 'texts', { whole: true, check: serverObjection }),
  resolvectl: rule('--no-pager -4 -6', 'sub', {
    sub: {
      '': rule(''),
      status: rule('', 'texts'),
      query: looked,
      statistics: rule(''),
      dns: rule(''),
      domain: rule(''),
    },
  }),
  getent: rule('-s:text', 'texts', { check: getentObjection }),
  lsof: rule(
    '-a -b -l -n -N -P -R -t -U -V -w -X -c:text -d:text -g?:text -i?:text -p:text -s?:text -u:text -K?:text -F?:text -T?:text -L',
    'places',
    { endless: '-r', check: lsofObjection },
  ),
  fuser: rule('-a -c -l -m -n:text -u -v -4 -6', 'places', {
    // `,example.org,80` names the far end of a connection.
    check: ({ operands }) =>
      namesObjection(operands.flatMap(({ value }) => value.split(',').slice(1, 2).filter(Boolean))),
  }),
}
