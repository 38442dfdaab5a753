import type { Machine } from './machine/Machine.ts'

export interface Unit {
  name: string
  description: string
  /** A shell script. It makes the file "$READY" once it serves. */
  program: string
  /** The account that it runs as; root. */
  user?: string
}

/** Installs a unit, its program as /opt/NAME/NAME, and starts it unless told otherwise. */
export async function installUnit(machine: Machine, unit: Unit, start = true): Promise<void> {
  const { name, description, program, user } = unit
  machine.write(`/opt/${name}/${name}`, `#!/bin/sh\n${program}\n`, 0o755)
  const account = user === undefined ? '' : `User=${user}\n`
  machine.write(
    `/etc/systemd/system/${name}.service`,
    `[Unit]\nDescription=${description}\n\n[Service]\nType=notify\n${account}ExecStart=/opt/${name}/${name}\n\n[Install]\nWantedBy=multi-user.target\n`,
  )
  await machine.ask(`systemctl enable ${start ? '--now ' : ''}${name}`)
}

/** A sentence when the unit does not run. */
export async function mustRun(machine: Machine, name: string): Promise<string[]> {
  const state = (await machine.run(`systemctl is-active ${name}`)).stdout.trim()
  return state === 'active' ? [] : [`${name}.service is ${state}, not active`]
}

export async function untilFailed(machine: Machine, name: string): Promise<void> {
  const look = `for i in $(seq 200); do [ "$(systemctl is-failed ${name})" != failed ] || exit 0; sleep 0.05; done; exit 1`
  await machine.ask(look)
}
