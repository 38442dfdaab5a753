import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fleetHostAnswer } from '../fakes/fleetHostAnswer.ts'
import { h200, h200Processes, installCards, installSmi, second, smiCalls } from '../fakes/fleetHostGpu.ts'
import { fleetRoot, whyNoFleetRoot, type FleetRoot } from '../fakes/fleetRoot.ts'

const reason = whyNoFleetRoot()
const full =
  'index,uuid,pci.bus_id,power.draw,power.limit,memory.used,memory.total,utilization.gpu,temperature.gpu,mig.mode.current,clocks_throttle_reasons.active,name'
const ten = full.replace('mig.mode.current,clocks_throttle_reasons.active,', '')

let host: FleetRoot
beforeAll(async () => {
  if (reason !== undefined) return
  host = await fleetRoot('gpu1', { address: '127.0.82.1' })
  await host.installProbe()
})
beforeEach(async ({ skip }) => {
  skip(reason !== undefined, reason)
  await host.root.ask('rm -rf /usr/local/bin/* /sys/bus')
})
afterAll(() => host?.stop())

const collect = async () => fleetHostAnswer(await host.ask('collect'))

describe('of GPUs the probe tells', () => {
  it('nothing where there is none', async () => {
    const answer = await collect()
    expect([...answer.keys()]).toEqual(['host', 'memory', 'disks', 'tmux', 'procs'])
  })

  it('what nvidia-smi says, with the query that it took', async () => {
    installSmi(host, `[ -n "$apps" ] || echo '${h200}'`)
    const answer = await collect()
    expect(answer.get('gpu')).toMatchObject({ code: 0, lines: [`fields ${full}`, h200] })
    expect(answer.get('gpu_procs')).toMatchObject({ code: 0, lines: [] })
    expect(answer.has('mig')).toBe(false)
    expect(smiCalls(host)).toHaveLength(2)
  })

  it('who holds them: pid, user and command line', async () => {
    await host.addUser('ann')
    await host.askAs('ann', 'perl -e "sleep 1000" "two words" "it\'s" >/dev/null 2>&1 </dev/null &')
    const pid = await host.root.ask('until pgrep -x perl -u ann; do sleep 0.1; done')
    installSmi(
      host,
      `if [ -n "$apps" ]; then echo 'GPU-a, ${pid}, perl, 512'; echo 'GPU-a, 999999, gone, 1'; else echo '${h200}'; fi`,
    )
    const answer = await collect()
    expect(answer.get('gpu_procs')?.lines).toEqual([`GPU-a, ${pid}, perl, 512`, 'GPU-a, 999999, gone, 1'])
    const uid = await host.root.ask('id -u ann')
    expect(answer.get('procs')?.lines).toEqual([
      expect.stringMatching(new RegExp(`^proc ${pid} \\d+ \\d+ ${uid} \\d+ \\d+ \\d+ perl$`)),
      `cmd ${pid} ${uid} ann perl -e sleep 1000 two words it's`,
    ])
    await host.root.ask('pkill -u ann')
  })

  it.each([
    [
      'one to come, without clocks_throttle_reasons',
      'clocks_throttle_reasons.active',
      full.replace('throttle', 'event'),
    ],
    ['an old one, without either and without MIG', 'mig.mode.current', ten],
  ])('%s: the query is asked anew', async (_, unknown, wanted) => {
    installSmi(
      host,
      `[ -z "$apps" ] || exit 0
case $fields in *${unknown}*) printf 'Field "${unknown}" is not a valid field to query.\\n\\n'; exit 2 ;; esac
echo '${h200}'`,
    )
    expect((await collect()).get('gpu')).toMatchObject({ code: 0, lines: [`fields ${wanted}`, h200] })
  })

  it.each([
    [
      'the driver is not loaded',
      9,
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
    ],
    ['driver and library do not match', 18, 'Failed to initialize NVML: Driver/library version mismatch'],
    ['there are no devices', 6, 'No devices were found'],
  ])('that %s', async (_, code, words) => {
    installSmi(host, `echo "${words}"; exit ${code}`)
    const answer = await collect()
    expect(answer.get('gpu')).toMatchObject({ code, lines: [`fields ${full}`, `error ${words}`] })
    expect(answer.get('gpu_procs')).toMatchObject({ code, lines: [`error ${words}`] })
  })

  it('that there are no devices, also when nvidia-smi calls that well', async () => {
    installSmi(host, 'echo "No devices were found"')
    expect((await collect()).get('gpu')).toMatchObject({ code: 6 })
  })

  it('a warning beside what was read', async () => {
    installSmi(
      host,
      `[ -n "$apps" ] || echo '${h200}'; echo 'WARNING: infoROM is corrupted at gpu 0000:00:06.0'; exit 14`,
    )
    const answer = await collect()
    const warning = 'error WARNING: infoROM is corrupted at gpu 0000:00:06.0'
    expect(answer.get('gpu')).toMatchObject({ code: 14, lines: [`fields ${full}`, h200, warning] })
    expect(answer.get('gpu_procs')).toMatchObject({ code: 14, lines: [warning] })
  })

  it('the healthy ones beside one that is lost', async () => {
    installCards(host, { '0000:00:06.0': 'active', '0000:00:07.0': 'active', '0000:00:08.0': 'active' })
    installSmi(
      host,
      `case $gpu in
  0000:00:06.0) if [ -n "$apps" ]; then echo '${h200Processes[0]}'; else echo '${h200}'; fi ;;
  0000:00:07.0) [ -n "$apps" ] || echo '${second}' ;;
  *) echo 'Unable to determine the device handle for GPU 0000:00:08.0: Unknown Error'; exit 255 ;;
esac`,
    )
    const answer = await collect()
    expect(answer.get('gpu')?.code).toBe(0)
    expect(answer.get('gpu')?.lines.toSorted()).toEqual(
      [
        `fields ${full}`,
        h200,
        second,
        'lost 0000:00:08.0 Unable to determine the device handle for GPU 0000:00:08.0: Unknown Error',
      ].toSorted(),
    )
    expect(answer.get('gpu_procs')).toMatchObject({ code: 0, lines: [h200Processes[0]] })
  })

  it('which one sleeps, and wakes none', async () => {
    installCards(host, { '0000:00:06.0': 'active', '0000:00:07.0': 'suspended' })
    installSmi(host, `[ -n "$apps" ] || echo '${h200}'`)
    const answer = await collect()
    expect(answer.get('gpu')).toMatchObject({
      code: 0,
      lines: [`fields ${full}`, 'suspended 0000:00:07.0', h200],
    })
    expect(smiCalls(host).map((call) => call.split(' ').slice(0, 2).join(' '))).toEqual([
      '-i 0000:00:06.0',
      '-i 0000:00:06.0',
    ])
  })

  it('that all sleep, without asking any', async () => {
    installCards(host, { '0000:00:06.0': 'suspended' })
    installSmi(host, 'exit 1')
    const answer = await collect()
    expect(answer.get('gpu')).toMatchObject({ code: 0, lines: [`fields ${full}`, 'suspended 0000:00:06.0'] })
    expect(smiCalls(host)).toEqual([])
  })

  it('that a card has no nvidia-smi, but not of one that was handed to a VM', async () => {
    installCards(host, { '0000:00:06.0': 'active' })
    expect((await collect()).get('gpu')).toMatchObject({ code: 127 })
    host.root.write('/sys/bus/pci/drivers/vfio-pci/0000:00:06.0', '')
    expect((await collect()).has('gpu')).toBe(false)
  })

  it('what AMD and Intel make, in the words of their own tools', async () => {
    installCards(host, { '0000:00:06.0': 'active' }, '0x1002')
    installCards(host, { '0000:00:07.0': 'active' }, '0x8086')
    expect((await collect()).has('amd')).toBe(false)
    const amd = '{"card0": {"Card Series": "MI300X"}}'
    host.root.write('/usr/local/bin/rocm-smi', `#!/bin/sh\necho '${amd}'\n`, 0o755)
    const discovery = '{"device_list": [{\n  "device_id": 0,\n  "device_name": "Max 1100"\n}]}'
    const stats = '{"device_id": 0, "device_level": []}'
    host.root.write(
      '/usr/local/bin/xpu-smi',
      `#!/bin/sh\ncase $* in 'discovery -j') echo '${discovery}' ;; 'stats -d 0 -j') echo '${stats}' ;; *) exit 1 ;; esac\n`,
      0o755,
    )
    const answer = await collect()
    expect(answer.get('amd')).toMatchObject({ code: 0, lines: ['tool rocm-smi', amd] })
    expect(answer.get('intel')).toMatchObject({
      code: 0,
      lines: ['tool xpu-smi discovery', ...discovery.split('\n'), 'tool xpu-smi stats', stats],
    })
    expect(answer.has('gpu')).toBe(false)
  })

  it('the instances of a GPU that is split by MIG', async () => {
    const list = ['GPU 0: NVIDIA H200 (UUID: GPU-a)', '  MIG 1g.18gb     Device  0: (UUID: MIG-b)']
    installSmi(
      host,
      `case $fields$apps in
  list) printf '%s\\n' '${list.join("' '")}' ;;
  1) ;;
  *) echo '${h200.replace('Disabled', 'Enabled').replace(' 100,', ' [N/A],')}' ;;
esac`,
    )
    expect((await collect()).get('mig')).toMatchObject({ code: 0, lines: list })
  })
})

describe('an nvidia-smi that hangs', () => {
  it('has its time and is ended, and all else is told', async () => {
    installSmi(host, "trap '' TERM HUP INT; sleep 600")
    const answer = await collect()
    expect(answer.get('gpu')?.code).toBe(124)
    expect(answer.get('gpu_procs')?.code).toBe(124)
    expect(answer.get('disks')?.code).toBe(0)
    expect(answer.get('memory')?.lines).not.toEqual([])
    expect(await host.root.ask('pgrep nvidia-smi || true')).toBe('')
  })

  it('and no signal ends it is left behind, told as that, and not started again while it is there', async () => {
    // What the kernel holds does not end at SIGKILL. Here `kill -9` does not reach it, which looks the same.
    const probe = host.root.read('/usr/local/lib/breakglass/breakglass-probe') ?? ''
    const deaf = probe.replaceAll('kill -9 "$pid"', ':')
    expect(deaf).not.toBe(probe)
    host.root.write('/usr/local/lib/breakglass/breakglass-probe', deaf, 0o755)
    installSmi(host, 'exec sleep 600')
    expect((await collect()).get('gpu')?.code).toBe(124)
    expect(smiCalls(host)).toHaveLength(2)
    // It hangs for long enough that it is no other probe's.
    await expect
      .poll(async () => (await collect()).get('gpu'), { timeout: 25_000 })
      .toMatchObject({ code: 125, lines: [`fields ${full}`, expect.stringMatching(/^hung \d+$/)] })
    expect(smiCalls(host).length).toBeLessThanOrEqual(4)
    const calls = smiCalls(host).length
    const answer = await collect()
    expect(answer.get('gpu_procs')).toMatchObject({ code: 125, lines: [expect.stringMatching(/^hung \d+$/)] })
    expect(answer.get('disks')?.code).toBe(0)
    expect(smiCalls(host)).toHaveLength(calls)
    // Once it has ended, it is asked again.
    await host.root.ask('pkill -9 -x sleep')
    installSmi(host, `[ -n "$apps" ] || echo '${h200}'`)
    expect((await collect()).get('gpu')).toMatchObject({ code: 0, lines: [`fields ${full}`, h200] })
    expect(await host.root.ask('ls -A /run/breakglass-probe')).toBe('')
    host.root.write('/usr/local/lib/breakglass/breakglass-probe', probe, 0o755)
  }, 60_000)
})
