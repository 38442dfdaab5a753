import type { Alert } from '#app/schema/fleet.ts'
import { hour, minute, type FleetLab } from './fleetLab.ts'

/** What is wrong in the lab on that night: four that wait, two that are acknowledged. */
export function labAlerts(lab: FleetLab): Alert[] {
  const alert = (
    type: string,
    host: string,
    subject: string,
    message: string,
    change: Partial<Alert> = {},
  ): Alert => ({
    id: `${host}.${type}.${subject}`.replace(/\W+/g, '-'),
    type,
    severity: 'warning',
    host,
    subject,
    message,
    created: lab.ago(48 * minute),
    seen: lab.ago(4_000),
    count: 12,
    acknowledged: false,
    ...change,
  })
  return [
    alert('gpu_temp_critical', 'gpu4', 'GPU 1', 'GPU 1 is at 91 °C, 90 °C is critical.', {
      severity: 'critical',
      created: lab.ago(6 * minute),
    }),
    alert('host_offline', 'pi-02', 'pi-02', 'No answer since 02:14: no TCP connection.', {
      severity: 'critical',
      created: lab.ago(43 * minute),
    }),
    alert('gpu_temp_warning', 'gpu3', 'GPU 0', 'GPU 0 is at 84 °C, 80 °C is the limit.', {
      created: lab.ago(12 * minute),
    }),
    alert('legacy_gpu_memory', 'gpu3', 'train-old', '21.9 GB of GPU 0 are held by a legacy tmux session.', {
      created: lab.ago(26 * hour),
    }),
    alert('host_offline', 'new-box', 'new-box', 'It has never answered: the key was refused.', {
      acknowledged: true,
      by: 'operator',
    }),
    alert('clock_offset', 'gpu7', 'gpu7', 'Its clock is 3 h behind.', {
      severity: 'info',
      acknowledged: true,
      by: 'anna',
      until: lab.ago(-7 * hour),
    }),
  ]
}
