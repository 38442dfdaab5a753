import type { FleetRoot } from './fleetRoot.ts'

/** The words of an H200 under load, driver 580, as nvidia-smi gives them for the probe's query. */
export const h200 =
  '0, GPU-a59eb532-3e2b-7427-2a38-9a464faca28c, 00000000:00:06.0, 691.27, 700.00, 30290, 143771, 100, 62, Disabled, 0x0000000000000004, NVIDIA H200'
export const h200Processes = [
  'GPU-a59eb532-3e2b-7427-2a38-9a464faca28c, 538, python3, 5994',
  'GPU-a59eb532-3e2b-7427-2a38-9a464faca28c, 542, python3, 2922',
]
/** The same card as a second one. */
export const second = h200.replace('0, GPU-a59eb532', '1, GPU-b59eb532').replace('00:06.0', '00:07.0')

/**
 * Puts an nvidia-smi on the host that notes each call in /srv/smi-calls. `script` is sh and finds the query's fields as
 * $fields, the GPU it was asked for as $gpu; `apps` says whether it was asked for processes.
 */
export function installSmi(host: FleetRoot, script: string): void {
  host.root.write(
    '/usr/local/bin/nvidia-smi',
    `#!/bin/sh
echo "$*" >>/srv/smi-calls
fields='' gpu='' apps=''
while [ "$#" -gt 0 ]; do
  case $1 in
    -i) gpu=$2 && shift ;;
    --query-gpu=*) fields=\${1#--query-gpu=} ;;
    --query-compute-apps=*) apps=1 ;;
    -L) fields=list ;;
  esac
  shift
done
${script}
`,
    0o755,
  )
  host.root.write('/srv/smi-calls', '')
}

export const smiCalls = (host: FleetRoot): string[] =>
  (host.root.read('/srv/smi-calls') ?? '').split('\n').filter(Boolean)

/** NVIDIA cards as the kernel's tree has them. */
export function installCards(
  host: FleetRoot,
  cards: Record<string, 'active' | 'suspended'>,
  vendor = '0x10de',
): void {
  for (const [bus, state] of Object.entries(cards)) {
    const folder = `/sys/bus/pci/devices/${bus}`
    host.root.write(`${folder}/vendor`, `${vendor}\n`)
    host.root.write(`${folder}/class`, '0x030200\n')
    host.root.write(`${folder}/power/runtime_status`, `${state}\n`)
  }
}
