import type { PresetSummary, ProviderSummary, Session, Vm } from '#app/schema/api.ts'
import { createApi, type Api } from '#ui/api/Api.ts'
import { request, type RequestHooks } from '#ui/api/request.ts'
import type { Alerts } from '#ui/fleet/Alerts.svelte.ts'
import { VmControl } from '#ui/power/VmControl.svelte.ts'
import type * as desk from '#ui/vm/desk.ts'
import type { Board } from './Board.svelte.ts'
import { Clock } from './Clock.svelte.ts'
import { Connection } from './Connection.svelte.ts'
import type * as later from './later.ts'
import type * as modelParts from './modelParts.ts'
import { ModelChoices } from './ModelChoices.svelte.ts'
import { Remote } from './Remote.svelte.ts'
import { recall, remember } from './storage.ts'
import { Theme } from './Theme.svelte.ts'
import type { Waiting } from './waiting.ts'

const pollMs = 5_000
/** With the sheet closed, nothing at stake and the line sound, VMs are read on every second poll. */
const calmPolls = 2
/** The first screen is long there: what a VM's desk needs is loaded, for later the server may be another. */
const loadDeskAfterMs = 20_000

/** What all screens share. One is made by the layout and handed down by context. */
export class App {
  readonly connection = new Connection()
  readonly clock = new Clock()
  readonly theme = new Theme()
  readonly models = new ModelChoices()
  readonly api: Api
  readonly vms: Remote<Vm[]>
  readonly presets: Remote<PresetSummary[]>
  readonly sessions: Remote<Session[]>
  readonly providers: Remote<ProviderSummary[]>
  // Never read by a template: a control is made once and is reactive itself.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #controls = new Map<string, VmControl>()
  readonly hooks: RequestHooks
  #later = $state.raw<typeof later | null>(null)
  #modelParts = $state.raw<typeof modelParts | null>(null)
  #desk = $state.raw<typeof desk | null>(null)
  #board = $state.raw<Board | null>(null)
  #alerts = $state.raw<Alerts | null>(null)
  #sheetOpen = $state(false)
  #notice = $state<string | null>(null)
  #opening: Promise<string | null> | null = null

  constructor() {
    this.hooks = {
      fetch: (input, init) => fetch(input, init),
      onReached: () => this.connection.reached(),
      onUnreached: () => this.connection.unreached(),
      onSignedOut: () => this.connection.signedOut(),
    }
    const api = createApi(this.hooks)
    this.api = {
      ...api,
      // A prompt goes to the model that was chosen for its session.
      prompt: (id, body, key) => api.prompt(id, { ...body, ...this.models.bodyOf(id) }, key),
    }
    this.vms = new Remote(() => this.api.vms(), 'vms.1')
    this.presets = new Remote(() => this.api.presets(), 'presets.1')
    this.sessions = new Remote(() => this.api.sessions(), 'sessions.1')
    this.providers = new Remote(() => request(this.hooks, '/api/providers'), 'providers.1')
  }

  /** The script behind the first screen; null until it is loaded. */
  get later(): typeof later | null {
    return this.#later
  }

  /** What chooses a model; null until there is one and it is loaded. */
  get modelParts(): typeof modelParts | null {
    return this.#modelParts
  }

  /** The script of a VM's questions and outcomes; null until it is loaded. */
  get desk(): typeof desk | null {
    return this.#desk
  }

  #loadModelParts(): void {
    if (this.#modelParts !== null || !this.providers.value?.some(({ kind }) => kind !== 'runbook')) return
    import('./modelParts.ts').then(
      (loaded) => (this.#modelParts = loaded),
      () => console.warn('breakglass: no models'),
    )
  }

  loadDesk(): void {
    if (this.#desk !== null) return
    import('#ui/vm/desk.ts').then(
      (loaded) => (this.#desk = loaded),
      () => console.warn('breakglass: no desk'),
    )
  }

  /** Null until it is followed. */
  get board(): Board | null {
    return this.#board
  }

  /** Null until they are followed. */
  get alerts(): Alerts | null {
    return this.#alerts
  }

  /** They are loaded after all that a first screen needs; the fleet's own asks for them at once. */
  followAlerts(): void {
    const board = this.#board
    if (board === null || this.#alerts !== null) return
    import('#ui/fleet/followAlerts.ts').then(
      ({ followAlerts }) => (this.#alerts ??= followAlerts(board, this.hooks, this.clock)),
      () => console.warn('breakglass: no alerts'),
    )
  }

  /** What waits for an operator, anywhere. */
  get waiting(): Waiting[] {
    return this.#board?.waiting ?? []
  }

  /** The model of a session, by a provider's name or a model's id; '' when it is not known. */
  modelOf(sessionId: string): string {
    const session = this.sessions.value?.find((one) => one.session_id === sessionId)
    return this.models.of(sessionId) ?? session?.model ?? ''
  }

  /** The VM sheet lies over whatever screen is there. */
  get sheetOpen(): boolean {
    return this.#sheetOpen
  }

  /** Something that the operator should know on the next screen. */
  get notice(): string | null {
    return this.#notice
  }

  set notice(text: string | null) {
    this.#notice = text
  }

  get lastSession(): string | null {
    return recall('session')
  }

  set lastSession(id: string | null) {
    remember('session', id)
  }

  openSheet(): void {
    this.#sheetOpen = true
    this.loadDesk()
    void this.vms.load()
  }

  closeSheet(): void {
    this.#sheetOpen = false
  }

  control(vm: string): VmControl {
    const known = this.#controls.get(vm)
    if (known !== undefined) return known
    const control = new VmControl({ vm, api: this.api, onChange: () => void this.vms.load() })
    this.#controls.set(vm, control)
    return control
  }

  /** Opens a new session; its id, or null when that failed. Two calls at once open one. */
  newSession(): Promise<string | null> {
    this.#opening ??= this.api
      .createSession()
      .then((answer) => (answer.ok ? answer.value.session_id : null))
      .finally(() => (this.#opening = null))
    return this.#opening
  }

  /** Keeps clock, connection and VMs up to date until the returned function is called. */
  start(): () => void {
    let polls = 0
    const read = (): void => {
      void this.vms.load()
      void this.providers.load().then(() => this.#loadModelParts())
      this.#board?.readMissing()
      if (this.#board?.link.state !== 'attached' || this.#alerts?.failure) void this.#alerts?.load()
      if (this.presets.at === null || this.presets.failure !== null || polls === 0) void this.presets.load()
    }
    const poll = (): void => {
      if (document.visibilityState === 'hidden' || this.connection.reach.state === 'signed_out') return
      polls++
      this.followAlerts()
      const busy = [...this.#controls.values()].some(({ run }) => ['confirm', 'running'].includes(run.step))
      const calm = !this.#sheetOpen && !busy && this.connection.reach.state === 'online'
      if (!calm || polls % calmPolls === 0) read()
    }
    read()
    const timer = setInterval(poll, pollMs)
    const quiet = setTimeout(() => this.loadDesk(), loadDeskAfterMs)
    const ends = [
      this.clock.start(),
      this.connection.start(),
      this.connection.onReturn(read),
      this.#followBoard(),
    ]
    return () => {
      clearInterval(timer)
      clearTimeout(quiet)
      for (const end of ends) end()
    }
  }

  /** The first screen does without it, so it is loaded behind that; what could not be loaded is tried again. */
  #followBoard(): () => void {
    let end: (() => void) | null = null
    let ended = false
    const follow = async (): Promise<void> => {
      this.#later ??= await import('./later.ts')
      if (ended) return
      if (this.#board === null) {
        const onReturn: Connection['onReturn'] = (back) => this.connection.onReturn(back)
        this.#board = new this.#later.Board({ hooks: this.hooks, onReturn, sessions: this.sessions })
        end = this.#board.start()
      }
    }
    const attempt = (): void => void follow().catch(() => console.warn('breakglass: no board'))
    const endReturns = this.connection.onReturn(attempt)
    attempt()
    return () => {
      ended = true
      endReturns()
      end?.()
    }
  }
}
