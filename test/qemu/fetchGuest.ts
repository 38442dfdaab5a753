import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { createHash } from 'node:crypto'

export interface Guest {
  kernel: string
  initramfs: string
}

const cache = resolve(import.meta.dirname, '../../node_modules/.cache/qemu')
const init = join(import.meta.dirname, 'guest.sh')
/** What stands between the kernel and its disk, where it is no part of the kernel. */
const modules = [
  'virtio',
  'virtio_ring',
  'virtio_pci_legacy_dev',
  'virtio_pci_modern_dev',
  'virtio_pci',
  'virtio_blk',
]

/**
 * A Debian kernel and an initramfs of a static busybox, from Debian's packages. They are unpacked, not installed: to
 * install a kernel runs the hooks of this machine. What was fetched once is kept. Without a way to fetch them, `missing`
 * says so in a sentence.
 */
export function fetchGuest(): Guest | { missing: string } {
  mkdirSync(cache, { recursive: true })
  const files = join(cache, 'files')
  if (!existsSync(files)) {
    const missing = fetchFiles(files)
    if (missing !== undefined) return { missing }
  }
  const name = createHash('sha256').update(readFileSync(init)).digest('hex').slice(0, 16)
  const initramfs = join(cache, `${name}.cpio`)
  if (!existsSync(initramfs)) packInitramfs(files, initramfs)
  return { kernel: join(files, 'vmlinuz'), initramfs }
}

function fetchFiles(to: string): string | undefined {
  const folder = mkdtempSync(join(cache, 'fetch-'))
  try {
    if (!download(folder) && !(apt(['update', '-q'], folder) && download(folder)))
      return "Debian's linux-image-cloud-amd64 and busybox-static cannot be fetched"
    for (const file of globSync('*.deb', { cwd: folder }))
      execFileSync('dpkg-deb', ['-x', file, 'root'], { cwd: folder })
    const root = join(folder, 'root')
    const files = join(folder, 'files')
    mkdirSync(files)
    copyFileSync(one(root, 'boot/vmlinuz-*'), join(files, 'vmlinuz'))
    copyFileSync(one(root, '{usr/,}bin/busybox'), join(files, 'busybox'))
    for (const name of modules) copyModule(root, name, files)
    keep(files, to)
    return undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** False when this machine's lists of packages have no such kernel, or an older one than the server has. */
function download(folder: string): boolean {
  const { stdout } = spawnSync('apt-cache', ['depends', 'linux-image-cloud-amd64'], { encoding: 'utf8' })
  const kernel = /Depends: (linux-image-\S+)/.exec(stdout)?.[1]
  return kernel !== undefined && apt(['download', '-q', kernel, 'busybox-static'], folder)
}

function apt(args: string[], cwd: string): boolean {
  return spawnSync('apt-get', args, { cwd, stdio: 'ignore', timeout: 300_000 }).status === 0
}

/** Newer kernels come with compressed modules. */
function copyModule(root: string, name: string, to: string): void {
  const [file] = globSync(`{usr/,}lib/modules/*/kernel/drivers/*/${name}.ko*`, { cwd: root })
  if (file === undefined) return
  const module = readFileSync(join(root, file))
  const plain = file.endsWith('.xz') ? execFileSync('busybox', ['unxz', '-c'], { input: module }) : module
  writeFileSync(join(to, `${name}.ko`), plain)
}

function packInitramfs(files: string, to: string): void {
  const folder = mkdtempSync(join(cache, 'pack-'))
  try {
    const root = join(folder, 'root')
    for (const name of ['bin', 'modules', 'proc', 'dev']) mkdirSync(join(root, name), { recursive: true })
    for (const file of globSync(`${files}/*.ko`)) copyFileSync(file, join(root, 'modules', basename(file)))
    copyFileSync(join(files, 'busybox'), join(root, 'bin/busybox'))
    copyFileSync(init, join(root, 'init'))
    for (const name of ['bin/busybox', 'init']) chmodSync(join(root, name), 0o755)
    const names = ['.', ...globSync('**', { cwd: root })].join('\n')
    const packed = execFileSync('busybox', ['cpio', '-o', '-H', 'newc', '-R', '0:0'], {
      cwd: root,
      input: names,
      stdio: ['pipe', 'pipe', 'ignore'],
      maxBuffer: 2 ** 26,
    })
    writeFileSync(join(folder, 'packed'), packed)
    keep(join(folder, 'packed'), to)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** In one step, so that nobody sees half of it. Another test may have been first: its files are as good. */
function keep(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!existsSync(to)) throw error
  }
}

function one(root: string, pattern: string): string {
  const [file] = globSync(pattern, { cwd: root })
  if (file === undefined) throw new Error(`no ${pattern} in the packages`)
  return join(root, file)
}
