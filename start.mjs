// The one way in: `node start.mjs [test|dev|dev:server|dev:ui|check|bench|drill|build|cli] [arguments]`; alone it starts
// the server. It runs on the system's Node, however old, so it keeps to the syntax of Node 12 and to no
// dependency; everything that it starts runs on the Node that comes with the dependencies.
import childProcess from 'child_process'
import crypto from 'crypto'
import fs from 'fs'
import os from 'os'
import path from 'path'
import { fileURLToPath } from 'url'

const root = path.dirname(fileURLToPath(import.meta.url))
const at = (...parts) => path.join(root, ...parts)
const bundledNode = at('node_modules', '.bin', 'node')
const installStamp = at('node_modules', '.breakglass-install')
const uiStamp = at('ui', 'build', '.breakglass-sources')
const lockFile = at('.start.lock')
const vite = at('node_modules', 'vite', 'bin', 'vite.js')

class Stop extends Error {}

const modes = {
  start: [['app/main.ts']],
  test: [['test/run.ts']],
  check: [['test/run.ts', 'format', 'lint', 'types', 'ui-types']],
  bench: [['test/bench/run.ts']],
  cli: [['app/cli.ts']],
  drill: [['test/drill/run.ts']],
  dev: [
    ['--watch', 'app/main.ts'],
    [vite, 'dev'],
  ],
  'dev:server': [['--watch', 'app/main.ts']],
  'dev:ui': [[vite, 'dev']],
  build: [],
}
const needsUi = ['start', 'build']

/** Children that run now; a signal is passed on to them. */
const running = new Set()
let stoppedBy = null

async function main(mode, args) {
  if (Number(process.versions.node.split('.')[0]) < 20)
    throw new Stop(`Breakglass needs Node 20 or later; this is ${process.version}.`)
  const commands = Object.prototype.hasOwnProperty.call(modes, mode) ? modes[mode] : null
  if (!commands) throw new Stop(`"${mode}" is none of ${Object.keys(modes).join(', ')}.`)
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => passOn(signal))

  if (readText(installStamp).split(' ')[0] !== installHash()) await locked(install)
  const node = chooseNode()
  if (needsUi.includes(mode) && readText(uiStamp) !== uiHash()) await locked(() => buildUi(node))

  const env = Object.assign({ NODE_COMPILE_CACHE: at('node_modules', '.cache', 'compile') }, process.env)
  const codes = commands.map(async (command) => {
    const cwd = command[0] === vite ? at('ui') : root
    const code = await run(node, [...command, ...args], { cwd, env, stdio: 'inherit' })
    // With two commands, the end of one is the end of both.
    for (const child of running) child.kill('SIGTERM')
    return code
  })
  return (await Promise.all(codes)).find((code) => code !== 0) || 0
}

function passOn(signal) {
  stoppedBy = signal
  // Ctrl-C at a terminal reaches the children by itself.
  if (signal === 'SIGINT' && process.stdin.isTTY) return
  for (const child of running) child.kill(signal)
}

/** Runs a command to its end. Returns its exit code, 128 + n when signal n ended it. */
function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = childProcess.spawn(command, args, Object.assign({ cwd: root }, options))
    running.add(child)
    child.on('error', (error) => {
      running.delete(child)
      reject(new Stop(`${command} could not be started: ${error.message}`))
    })
    child.on('exit', (code, signal) => {
      running.delete(child)
      resolve(signal ? 128 + os.constants.signals[signal] : code)
    })
  })
}

function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function writeStamp(file, text) {
  fs.writeFileSync(`${file}.new`, text)
  fs.renameSync(`${file}.new`, file)
}

// ── Installing ──────────────────────────────────────────────────────────────────────────────────────────────

function installHash() {
  const hash = crypto.createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  return hash.update(fs.readFileSync(at('package-lock.json'))).digest('hex')
}

async function install() {
  if (readText(installStamp).split(' ')[0] === installHash()) return
  if (!isInstalled() || !bundledNodeRuns()) {
    say('Installing the dependencies …')
    // npm's own words go to stderr: stdout belongs to the command that follows.
    const npm = process.env.npm_execpath
    const [command, first] = /npm-cli\.js$/.test(npm || '') ? [process.execPath, [npm]] : ['npm', []]
    const args = [...first, 'ci', '--include=dev', '--include=optional']
    if ((await run(command, args, { stdio: ['ignore', 2, 2] })) !== 0)
      throw new Stop(
        'The dependencies could not be installed: `npm ci` says why above. Start again to retry.',
      )
  }
  writeStamp(installStamp, `${installHash()} ${bundledNodeRuns() ? 'bundled' : 'system'}`)
}

/** Whether npm itself left exactly what the lockfile wants, as after `npm ci` by hand. npm writes its record last. */
function isInstalled() {
  const record = readText(at('node_modules', '.package-lock.json'))
  if (record === '') return false
  const present = JSON.parse(record).packages
  const wanted = JSON.parse(fs.readFileSync(at('package-lock.json'), 'utf8')).packages
  return Object.keys(wanted).every((name) => {
    const { version, integrity, optional } = wanted[name]
    if (name === '' || (optional && !present[name])) return true
    return present[name] && present[name].version === version && present[name].integrity === integrity
  })
}

/** There is none for every platform, and one for another C library is present but does not run. */
function bundledNodeRuns() {
  return childProcess.spawnSync(bundledNode, ['--version']).status === 0
}

function chooseNode() {
  if (readText(installStamp).endsWith(' bundled')) return bundledNode
  // From version 24 on, Node runs TypeScript and brings SQLite.
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  throw new Stop(
    `There is no Node 26 among the dependencies that runs on this machine (${process.platform}-${process.arch}); ` +
      `install Node 24 or later and start again. This is ${process.version}.`,
  )
}

// ── Building the UI ─────────────────────────────────────────────────────────────────────────────────────────

/** Of the contents, not the times, of everything that the UI is built from. */
function uiHash() {
  const hash = crypto.createHash('sha256').update(installHash())
  const settings = fs.readdirSync(at('ui'), { withFileTypes: true })
  const files = settings.filter((entry) => entry.isFile()).map((entry) => at('ui', entry.name))
  files.push(
    ...filesUnder(at('ui', 'src')),
    ...filesUnder(at('ui', 'static')),
    ...filesUnder(at('app', 'schema')),
  )
  for (const file of files.sort()) {
    if (/\.test\.[a-z]+$/.test(file)) continue
    hash.update(`${path.relative(root, file)}\n`).update(fs.readFileSync(file))
  }
  return hash.digest('hex')
}

function filesUnder(folder) {
  const entries = fs.readdirSync(folder, { withFileTypes: true })
  return [].concat(
    ...entries.map((entry) =>
      entry.isDirectory() ? filesUnder(path.join(folder, entry.name)) : path.join(folder, entry.name),
    ),
  )
}

async function buildUi(node) {
  const wanted = uiHash()
  if (readText(uiStamp) === wanted) return
  say('Building the UI …')
  if (
    (await run(node, [vite, 'build', '--logLevel', 'warn'], { cwd: at('ui'), stdio: ['ignore', 2, 2] })) !== 0
  )
    throw new Stop('The UI could not be built: vite says why above.')
  writeStamp(uiStamp, wanted)
}

// ── One at a time ───────────────────────────────────────────────────────────────────────────────────────────

/**
 * Lets one start at a time change the tree. The lock is a file that its holder touches every second; one that
 * is ten seconds old belongs to a holder that was killed.
 */
async function locked(work) {
  const mine = `${process.pid} ${crypto.randomBytes(8).toString('hex')}`
  for (let waited = false; !(await takeLock(mine)); waited = true) {
    if (stoppedBy) throw new Stop('')
    if (!waited) say('Another start is installing or building; waiting for it …')
    await sleep(250)
  }
  const beat = setInterval(() => fs.utimes(lockFile, new Date(), new Date(), () => {}), 1000)
  try {
    await work()
  } finally {
    clearInterval(beat)
    if (readText(lockFile) === mine) fs.unlinkSync(lockFile)
  }
  if (stoppedBy) throw new Stop('')
}

async function takeLock(mine) {
  try {
    fs.writeFileSync(lockFile, mine, { flag: 'wx' })
  } catch (error) {
    if (error.code !== 'EEXIST')
      throw new Stop(`${error.message}. Installing and building write into this folder.`)
    try {
      if (Date.now() - fs.statSync(lockFile).mtimeMs > 10000) fs.unlinkSync(lockFile)
    } catch {
      // Its holder has just removed it.
    }
    return false
  }
  // Two that found the same dead lock may both have removed one; the later file stands.
  await sleep(50)
  return readText(lockFile) === mine
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function say(sentence) {
  process.stderr.write(`${sentence}\n`)
}

main(process.argv[2] || 'start', process.argv.slice(3)).then(
  (code) => {
    process.exitCode = code
  },
  (error) => {
    if (stoppedBy) process.exitCode = 128 + os.constants.signals[stoppedBy]
    else {
      say(error instanceof Stop ? error.message : error.stack)
      process.exitCode = 1
    }
  },
)
