import { afterEach, beforeEach, expect, test } from 'vitest'
import { goodYaml, hostKey, makeConfigFolder, type ConfigFolder } from '../../test/fakes/configFolder.ts'

let folder: ConfigFolder
beforeEach(async () => {
  folder = await makeConfigFolder()
})
afterEach(() => folder.remove())

const target = (fields: string) =>
  `targets:\n  box:\n    host: h\n    host_keys: ["${hostKey}"]\n    ${fields}\n`
const wrongFiles: [what: string, yaml: string, told: string[]][] = [
  [
    'an unknown setting',
    'hypervisor: {}',
    ['line 1', 'hypervisor: found an unknown name', 'one of hypervisors, vms'],
  ],
  [
    'an unknown setting further down',
    target('prot: 22'),
    ['b.yaml, line 5: targets.box.prot', 'host, port, user, key_file'],
  ],
  [
    'a text for a number',
    target('port: ssh'),
    ['line 5: targets.box.port: found "ssh"', 'a whole number from 1 to 65535'],
  ],
  [
    'an empty file, as one that is being written anew looks',
    '',
    ['b.yaml: found an empty file', '{} for none'],
  ],
  ['only comments', '# vms:\n', ['b.yaml: found an empty file', '{} for none']],
  ['a number out of range', target('port: 70000'), ['targets.box.port: found 70000', 'from 1 to 65535']],
  ['a fraction', target('port: 22.5'), ['targets.box.port: found 22.5', 'a whole number']],
  ['a number for a text', target('user: 5'), ['targets.box.user: found 5', 'a text']],
  ['an account that is none', target('user: "root; rm"'), ['user: found "root; rm"', 'a Unix account name']],
  [
    'a host with its port',
    'targets: {box: {host: "h:22/x", host_keys: [k]}}',
    ['targets.box.host: found "h:22/x"', 'without a port'],
  ],
  [
    'a host that is an option',
    'targets: {box: {host: "-oProxyCommand=x", host_keys: [k]}}',
    ['host name or address'],
  ],
  ['no host', `targets: {box: {host_keys: ["${hostKey}"]}}`, ['targets.box.host: found nothing']],
  [
    'no host keys',
    'targets: {box: {host: h}}',
    [
      'host_keys: found nothing; allowed: a list with at least 1 entry, each a host key line, as `ssh-keyscan',
    ],
  ],
  [
    'an empty list of host keys',
    'targets: {box: {host: h, host_keys: []}}',
    ['host_keys: found an empty list'],
  ],
  [
    'a fingerprint for a host key',
    'targets: {box: {host: h, host_keys: ["SHA256:abc"]}}',
    ['host_keys[0]: found a text', 'ssh-keyscan'],
  ],
  [
    'a host key that is cut off',
    `targets: {box: {host: h, host_keys: ["${hostKey.slice(0, -8)}"]}}`,
    ['host_keys[0]', 'whole'],
  ],
  [
    'a host key of another algorithm',
    `targets: {box: {host: h, host_keys: ["${hostKey.replace('ssh-ed25519', 'ssh-rsa')}"]}}`,
    ['whole'],
  ],
  [
    'a mapping for a list',
    'targets: {box: {host: h, host_keys: {a: b}}}',
    ['host_keys: found a mapping; allowed: a list'],
  ],
  ['a list for a mapping', 'targets: [box]', ['targets: found a list', 'a mapping of names']],
  [
    'a text for the whole',
    'hello',
    ['found "hello"', 'a mapping with hypervisors, vms, targets, fleet, alerts,'],
  ],
  [
    'a name with a space',
    'targets: {"my box": {host: h, host_keys: [k]}}',
    ['targets["my box"]', 'letters, digits'],
  ],
  [
    'a name of digits',
    'targets: {100: {host: h, host_keys: [k]}}',
    ['targets.100: found this name', 'not digits alone'],
  ],
  [
    'an unknown hypervisor',
    'vms: {a: {hypervisor: pve9, key_file: k}}',
    ['vms.a.hypervisor: found "pve9"', 'allowed: nothing'],
  ],
  [
    'an unknown target',
    goodYaml.replace('[box]', '[box, bax]'),
    ['line 3: vms.devvm.targets: found "bax"', 'only box'],
  ],
  [
    'a key file of several lines',
    'vms: {a: {hypervisor: p, key_file: "-----BEGIN KEY\\nhunter2"}}',
    ['key_file: found a text', 'a path'],
  ],
  [
    'one key for two VMs',
    goodYaml.replace('vms: {', 'vms: {b: {hypervisor: pve1, key_file: ./keys/devvm}, '),
    ['vms.devvm.key_file: found the key of vms.b'],
  ],
  ['a setting that comes later', 'services: {}', ['services: found an unknown name']],
  [
    'two providers of one name',
    'providers: [{name: a, kind: openai}, {name: a, kind: anthropic}]',
    ['line 1: providers: found a list; allowed: providers whose names differ'],
  ],
  ['a provider named runbook', 'providers: [{name: runbook, kind: openai}]', ['another name than runbook']],
  [
    'an unknown kind of provider',
    'providers: [{name: a, kind: gemini}]',
    ['providers[0].kind: found "gemini"'],
  ],
  [
    'a key in place of its file',
    'providers: [{name: a, kind: openai, key: hunter2}]',
    ['providers[0].key: found an unknown name'],
  ],
  ['an unknown mode', 'targets: {a: {host: h, host_keys: [], mode: yolo}}', ['targets.a.mode: found "yolo"']],
  ['a budget of nothing', 'budget: {day_cost: 0}', ['budget.day_cost: found 0; allowed: a number above 0']],
  [
    'a budget of less than nothing',
    'budget: {day_tokens: -1}',
    ['budget.day_tokens: found -1; allowed: a whole number above 0'],
  ],
  [
    'an address of another protocol',
    'providers: [{name: a, kind: openai, base_url: "ftp://x"}]',
    ['base_url: found "ftp://x"; allowed: an http or https URL'],
  ],
  [
    'a wrong address with a password in it',
    'providers: [{name: a, kind: openai, base_url: "htps://me:hunter2@x"}]',
    ['base_url: found a text; allowed: an http or https URL'],
  ],
  [
    'a wrong address with a key in it',
    'providers: [{name: a, kind: openai, base_url: "x/v1?key=hunter2"}]',
    ['base_url: found a text; allowed'],
  ],
  ['a folder in place of a list', 'knowledge: /notes', ['a list, each a text of 1 to 4096 characters']],
  ['a mailbox that is none', 'notify: {mail: {host: h, from: me}}', ['notify.mail.from: found "me"']],
  [
    'a mail account without its password',
    'notify: {mail: {host: h, from: a@example.org, user: me}}',
    ['notify.mail.user: found only one of user and password_file'],
  ],
  ['a setting twice', 'vms: {}\nvms: {}', ['line 2: found a mistake in the YAML (Map keys must be unique)']],
  ['a tab', 'vms:\n\ta: 1', ['line 2: found a mistake in the YAML (Tabs']],
  ['an open bracket', 'vms: {a: [1\nb: 2', ['line 2: found a mistake in the YAML']],
  ['two documents', 'vms: {}\n---\nvms: {}', ['line 2', 'one YAML document']],
  ['an unknown tag', 'vms: !secret hunter2', ['line 1', 'Unresolved tag']],
  ['an alias of nothing', 'vms: *x', ['aliases of anchors']],
  [
    'aliases without end',
    `a: &a [x,x]\nb: &b [${'*a,'.repeat(60)}]\nc: [${'*b,'.repeat(60)}]`,
    ['b.yaml: found', 'at most 100'],
  ],
]

test.each(wrongFiles)('a file with %s is refused in a sentence', async (_what, yaml, told) => {
  const { message } = await folder.refusal(yaml)
  for (const part of ['b.yaml', ...told]) expect(message).toContain(part)
  expect(message).not.toContain('hunter2')
})

test('all that is wrong is told at once', async () => {
  const env = { BREAKGLASS_LISTEN: 'x', BREAKGLASS_X: 'y' }
  const { problems } = await folder.refusal(`${target('prot: 1')}vms: {a: 5}`, env)
  expect(problems.map((one) => one.path)).toEqual([
    'BREAKGLASS_X',
    'BREAKGLASS_LISTEN',
    'vms.a',
    'targets.box.prot',
  ])
})
