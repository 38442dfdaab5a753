import { plainText } from './plainText.ts'

const absent = new Set([
  '',
  '-',
  '?',
  'N/A',
  '[N/A]',
  'Not Supported',
  '[Not Supported]',
  '[Unknown Error]',
  'Unknown Error',
  '[Insufficient Permissions]',
  'Insufficient Permissions',
  '[Requested functionality has been deprecated]',
  '[Function Not Found]',
  '[Not Found]',
  '[GPU is lost]',
  '[GPU requires reset]',
  'ERR!',
  '[Unknown]',
])

/** A value of nvidia-smi, or null for each of the words that it has for none. */
export function nvidiaText(text: string | undefined): string | null {
  const value = text?.trim() ?? ''
  return absent.has(value) ? null : value
}

/** Why nvidia-smi gave no figures, in a sentence, by its exit code and what it said (also on stdout). */
export function nvidiaTrouble(code: number | null, said: string): string | null {
  const text = said.slice(0, 2000)
  const lost = /Unable to determine the device handle for GPU\s?([0-9A-Fa-f:]+\.[0-9A-Fa-f])?/i.exec(text)
  if (code === 18 || /Driver\/library version mismatch/i.test(text)) {
    return 'The NVIDIA driver was updated and the old one is still loaded (driver/library version mismatch): reboot the host, or unload its modules.'
  }
  if (lost)
    return `The GPU ${lost[1] ?? ''} does not answer (no device handle); the others were not read.`.replace(
      '  ',
      ' ',
    )
  if (code === 15 || /GPU is lost|fallen off the bus/i.test(text))
    return 'A GPU has fallen off the bus: the host needs a reboot, or the card a look.'
  if (
    code === 9 ||
    /couldn't communicate with the NVIDIA driver|driver is not loaded|Driver Not Loaded/i.test(text)
  ) {
    return 'The NVIDIA driver is not loaded.'
  }
  if (/No devices were found/i.test(text)) return 'nvidia-smi finds no GPU.'
  if (code === 6) return 'nvidia-smi does not find a GPU that it was asked for.'
  if (code === 127) return 'There is an NVIDIA GPU, and no nvidia-smi to ask.'
  if (code === 12 || /libnvidia-ml/i.test(text)) return 'The NVIDIA library (libnvidia-ml) is missing.'
  if (code === 4 || /insufficient permissions/i.test(text))
    return 'The account of the probe may not ask the NVIDIA driver.'
  if (/Failed to initialize NVML/i.test(text)) return `nvidia-smi could not begin: ${plainText(text, 160)}`
  return null
}
