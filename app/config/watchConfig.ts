import { unwatchFile, watchFile } from 'node:fs'
import { ConfigError } from './ConfigError.ts'
import { reloadConfig, type Settings } from './loadConfig.ts'

export interface WatchOptions {
  /** A good change: the new settings. */
  onChange: (settings: Settings) => void
  /** A wrong change: what is wrong; the settings before it stay in force. */
  onProblem: (error: ConfigError) => void
  /** Milliseconds between two looks at the file. */
  intervalMs?: number
}

/**
 * Follows the YAML file of `settings` until the returned function is called. Looks at the file rather than
 * waiting for notices, since those miss a file that is replaced through a chain of symbolic links, as a
 * Kubernetes ConfigMap is. Variables are not read again: they cannot change in a running process.
 */
export function watchConfig(
  settings: Settings,
  { onChange, onProblem, intervalMs = 2000 }: WatchOptions,
): () => void {
  const path = settings.configPath
  if (path === undefined) return () => undefined
  const reload = () => {
    try {
      onChange(reloadConfig(settings))
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      onProblem(error)
    }
  }
  watchFile(path, { interval: intervalMs, persistent: false }, reload)
  return () => unwatchFile(path, reload)
}
