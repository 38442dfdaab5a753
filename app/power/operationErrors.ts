import { AppError } from '#app/errors.ts'
import type { Judged } from './judge.ts'
import type { PowerVm } from './PowerVm.ts'

/** Neither this process nor the hypervisor knows it. */
export function notKnown(op: string, { title }: PowerVm): AppError {
  return new AppError('not_found', `No operation ${op} of ${title} is known.`)
}

/** The hypervisor keeps no report under it. */
export function noReport(op: string, { title }: PowerVm): AppError {
  return new AppError('not_found', `No report from before the operation ${op} of ${title} is kept.`)
}

/** What is missing here, and could not be asked of the hypervisor. */
export function notSaid(missing: string, { result: { stderr, failed_leg } }: Judged): AppError {
  const detail = `${missing}, and the hypervisor could not be asked: ${stderr.trim()}`
  return new AppError('hypervisor_unreachable', detail, failed_leg && { failed_leg })
}
