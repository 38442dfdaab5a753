import type { Host } from '#app/schema/fleet.ts'
import { day, hour, type FleetLab } from './fleetLab.ts'

export function healthy(lab: FleetLab): Host {
  const llm = lab.tmux('gpu1', 'ana', 'finetune', {
    gpu_memory_mb: 31_200,
    gpus: [0, 1].map((index) => ({ uuid: `GPU-gpu1-${index}`, index, memory_mb: 15_600 })),
    cpu_percent: 18,
    memory_mb: 24_100,
    attached: false,
    clients: 0,
    detached_since: lab.ago(3 * hour),
  })
  return lab.host('gpu1', {
    target: 'gpu1',
    tags: ['4090'],
    gpus: [0, 1].map((index) =>
      lab.gpu('gpu1', index, {
        memory_used_mb: 15_900,
        utilization_percent: 96,
        power_draw_watts: 371,
        temperature_c: 68,
        processes: [lab.process('ana', 'python finetune.py --model base --lr 2e-5', 15_600, llm.id)],
      }),
    ),
    tmux: [llm, lab.tmux('gpu1', 'bo', 'vim')],
  })
}

export function heldByLegacy(lab: FleetLab): Host {
  const old = lab.tmux('gpu3', 'user1', 'train-old', {
    id: 'gpu3:1001:2310.4.1789600000',
    status: 'legacy',
    attached: false,
    clients: 0,
    created: lab.ago(9 * day),
    last_activity: lab.ago(4 * day + 2 * hour),
    last_attached: lab.ago(5 * day),
    detached_since: lab.ago(4 * day + hour),
    gpu_memory_mb: 22_426,
    gpus: [{ uuid: 'GPU-gpu3-0', index: 0, memory_mb: 22_426 }],
    cpu_percent: 1,
    memory_mb: 6_100,
  })
  const notebooks = lab.tmux('gpu3', 'user2', 'notebooks', {
    id: 'gpu3:1002:2311.0.1789700000',
    window_count: 5,
    cpu_percent: 12,
    memory_mb: 3_174,
  })
  return lab.host('gpu3', {
    tags: ['4090'],
    cpu_percent: 38,
    memory_percent: 71,
    memory_used_mb: 181 * 1024,
    gpus: [
      lab.gpu('gpu3', 0, {
        power_draw_watts: 414,
        memory_used_mb: 22_460,
        temperature_c: 84,
        throttled: ['heat'],
        processes: [
          lab.process('user1', 'python train.py --resume', 22_426, old.id),
          lab.process('root', '/usr/lib/xorg/Xorg', 34),
        ],
      }),
    ],
    tmux: [old, notebooks],
  })
}

export function tooHot(lab: FleetLab): Host {
  const sweep = lab.tmux('gpu4', 'cy', 'sweep: lr=0.1', {
    gpu_memory_mb: 40_000,
    gpus: [0, 1].map((index) => ({ uuid: `GPU-gpu4-${index}`, index, memory_mb: 20_000 })),
    cpu_percent: 61,
    memory_mb: 91_000,
  })
  return lab.host('gpu4', {
    target: 'gpu4',
    cpu_percent: 93,
    memory_percent: 92,
    memory_used_mb: 236 * 1024,
    load: [71, 64, 60],
    gpus: [0, 1].map((index) =>
      lab.gpu('gpu4', index, {
        temperature_c: index === 0 ? 76 : 91,
        power_draw_watts: 446,
        utilization_percent: 100,
        memory_used_mb: 20_500,
        throttled: index === 0 ? [] : ['heat', 'power'],
        processes: [
          lab.process('cy', 'python sweep.py', 20_000, sweep.id),
          lab.process('dora', 'ollama runner', 400),
        ],
      }),
    ),
    tmux: [sweep],
  })
}

export function degraded(lab: FleetLab): Host {
  const known = lab.host('gpu5', { gpus: [lab.gpu('gpu5', 0, { memory_used_mb: 9_000 })] })
  return {
    ...known,
    status: 'degraded',
    detail: 'nvidia-smi did not answer within 8 s.',
    sections: {
      ...known.sections,
      gpu: { ok: false, age_s: 251, error: 'nvidia-smi did not answer within 8 s.' },
    },
  }
}
