import type { ProbeFigures } from './probeText.ts'

/** What the probe of a host with one GPU tells, at this temperature in °C; its session holds most of the memory. */
export function hotGpu(temperatureC: number): ProbeFigures {
  const fields =
    'index,uuid,pci.bus_id,power.draw,power.limit,memory.used,memory.total,utilization.gpu,temperature.gpu,name'
  const gpu = `0, GPU-00000000-0000-0000-0000-000000000000, 00000000:01:00.0, 291.50, 300.00, 18400, 24576, 99, ${temperatureC}, NVIDIA A10`
  return { sections: { gpu: [`fields ${fields}`, gpu], gpu_procs: [] } }
}
