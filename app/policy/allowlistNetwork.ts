import { rule, type Rule, type Use } from './allowlistRule.ts'

/** The network; and containers, clusters and tmux, which answer over a socket. */

const shown = rule('', 'texts')
const showOnly = rule('', 'sub', { sub: { '': rule(''), show: shown, list: shown, ls: shown } })
const routes = rule('', 'sub', { sub: { '': rule(''), show: shown, list: shown, ls: shown, get: shown } })
/** `ip` takes any beginning of a word: `ip link s` is `set`. So only whole words are known here. */
const ip = rule(
  '-4 -6 -s -d -o -br -c -j -p -h -brief -color -json -pretty -human -details -stats -statistics -oneline -f:text -family:text',
  'sub',
  {
    whole: true,
    sub: {
      ...{
        a: showOnly,
        addr: showOnly,
        address: showOnly,
        l: showOnly,
        link: showOnly,
        n: showOnly,
        neigh: showOnly,
      },
      ...{
        neighbour: showOnly,
        neighbor: showOnly,
        rule: showOnly,
        maddr: showOnly,
        maddress: showOnly,
        tunnel: showOnly,
      },
      ...{
        r: routes,
        route: routes,
        netns: rule('', 'sub', { sub: { '': rule(''), list: rule(''), ls: rule('') } }),
      },
    },
  },
)

const iptables = rule(
  '-L -n -v -S -x -t:text -w?:number -4 -6 --list --list-rules --line-numbers --numeric --verbose --table:text --exact',
  'texts',
  {
    check: ({ flags }) =>
      ['-L', '-S', '--list', '--list-rules'].some((flag) => flags.has(flag))
        ? undefined
        : 'it names no query',
  },
)

/** Go templates and tmux formats: text, unless it would run something. */
const format = '--format:text'
const names = rule('', 'texts')
/** `nft` reads its arguments as one text, in which `;` begins the next command. */
const nftNames = rule('-a -n -s', 'texts', {
  check: ({ operands }) =>
    operands.every(({ value }) => /^[\w.-]+$/.test(value)) ? undefined : 'it names more than tables',
})
const onlyOne = rule('', 'texts', {
  check: ({ operands }) => (operands.length === 1 ? undefined : 'what follows the container is given to ps'),
})
const containers = {
  ps: rule(
    `-a -f:text -l -n:number -q -s --all --filter:text ${format} --no-trunc --size --quiet --latest --last:number`,
  ),
  logs: rule('-n:number -t --tail:text --since:text --until:text --timestamps --details', 'texts', {
    endless: '-f --follow',
  }),
  images: rule(`-a -f:text -q --all --digests --filter:text ${format} --no-trunc --quiet`, 'texts'),
  stats: rule(`-a --all --no-stream --no-trunc ${format}`, 'texts', {
    check: ({ flags }: Use) =>
      flags.has('--no-stream') ? undefined : 'without --no-stream it does not end by itself',
  }),
  top: onlyOne,
  port: names,
  diff: names,
  version: rule(format),
  info: rule(format),
  network: rule('', 'sub', { sub: { ls: rule(`-q -f:text --filter:text ${format} --no-trunc`) } }),
  volume: rule('', 'sub', { sub: { ls: rule(`-q -f:text --filter:text ${format}`) } }),
  container: rule('', 'sub', { sub: { ls: rule(`-a -q -f:text --all --filter:text ${format} --no-trunc`) } }),
  system: rule('', 'sub', { sub: { df: rule(`-v ${format}`), info: rule(format) } }),
} satisfies Record<string, Rule>
const docker = rule('', 'sub', {
  sub: {
    ...containers,
    compose: rule('', 'sub', {
      sub: {
        ps: rule(`-a -q --all ${format} --services`, 'texts'),
        logs: rule('-t -n:text --tail:text --since:text --timestamps --no-color --no-log-prefix', 'texts', {
          endless: '-f --follow',
        }),
        ls: rule(`-a --all ${format}`),
        top: names,
      },
    }),
  },
})

const kubeFlags = '-n:text --namespace:text -A --all-namespaces --context:text --request-timeout:text'

function kubeObjection({ flags, operands }: Use): string | undefined {
  const kinds = operands.flatMap(({ value }) => value.split(',')).map((name) => name.split(/[/.]/)[0] ?? '')
  if (kinds.some((kind) => /^secrets?$/i.test(kind) || /sealedsecret|externalsecret/i.test(kind)))
    return 'it names secrets'
  const formats = [...(flags.get('-o') ?? []), ...(flags.get('--output') ?? [])]
  const odd = formats.find(
    (name) => !/^(json|yaml|wide|name|(jsonpath|custom-columns|go-template)=.*)$/s.test(name),
  )
  return odd && `the output format ${odd} is not known to only read`
}
const kubectl = rule(kubeFlags, 'sub', {
  sub: {
    get: rule(
      '-o:text --output:text -l:text --selector:text --field-selector:text --show-labels --no-headers --sort-by:text ' +
        '--chunk-size:number --ignore-not-found -L:text --label-columns:text',
      'texts',
      { endless: '-w --watch --watch-only', check: kubeObjection },
    ),
    describe: rule('-l:text --selector:text --show-events?:text', 'texts', { check: kubeObjection }),
    logs: rule(
      '-c:text --container:text -p --previous --tail:number --since:text --since-time:text --timestamps --all-containers?:text -l:text ' +
        '--selector:text --prefix --limit-bytes:number --max-log-requests:number',
      'texts',
      { endless: '-f --follow' },
    ),
    top: rule('', 'sub', {
      sub: {
        node: rule('-l:text --sort-by:text --no-headers', 'texts'),
        nodes: rule('-l:text --sort-by:text --no-headers', 'texts'),
        pod: rule('-l:text --sort-by:text --containers --no-headers', 'texts'),
        pods: rule('-l:text --sort-by:text --containers --no-headers', 'texts'),
      },
    }),
    events: rule('--for:text --types:text', 'none', { endless: '-w --watch' }),
    version: rule('--client -o:text'),
    'cluster-info': rule(''),
    'api-resources': rule('-o:text --namespaced?:text'),
    explain: rule('--recursive', 'texts'),
  },
})

const lists = rule('-a -F:text -f:text -t:text -s', 'none', {
  check: ({ flags }) =>
    [...flags.values()].flat().some((value) => /#\(|;/.test(value)) ? 'its format runs a command' : undefined,
})

export const allowlistNetwork: Readonly<Record<string, Rule>> = {
  ip,
  netstat: rule(
    '-4 -6 -a -e -i -l -n -o -p -r -s -t -u -w -x -W -g --all --listening --numeric --programs --route --tcp --udp --wide',
    'none',
    {
      endless: '-c --continuous',
    },
  ),
  route: rule('-n -e -4 -6'),
  ifconfig: rule('-a -s'),
  ethtool: rule('-i -S -k -g -a -c -l -m -T', 'texts'),
  bridge: rule('-c -d -j -s', 'sub', { sub: { link: showOnly, fdb: showOnly, vlan: showOnly } }),
  iptables,
  ip6tables: iptables,
  nft: rule('-a -n -s', 'sub', { sub: { list: nftNames } }),
  ufw: rule('', 'sub', { sub: { status: rule('', 'texts') } }),
  nmcli: rule('-t -p -f:text', 'sub', {
    sub: {
      '': rule(''),
      device: rule('', 'sub', { sub: { '': rule(''), status: rule('') } }),
      general: rule('', 'sub', { sub: { '': rule(''), status: rule('') } }),
    },
  }),
  networkctl: rule('--no-pager --no-legend -a', 'sub', { sub: { '': rule(''), list: names, status: names } }),
  docker,
  podman: docker,
  crictl: rule('', 'sub', {
    sub: {
      ps: rule('-a -q -o:text --name:text --pod:text'),
      pods: rule('-q -o:text --name:text --namespace:text'),
      logs: rule('-t -p --tail:number --since:text', 'texts', { endless: '-f --follow' }),
      images: rule('-q -o:text'),
    },
  }),
  kubectl,
  tmux: rule('', 'sub', {
    sub: {
      ls: lists,
      'list-sessions': lists,
      'list-windows': lists,
      'list-panes': lists,
      lsw: lists,
      lsp: lists,
    },
  }),
}
