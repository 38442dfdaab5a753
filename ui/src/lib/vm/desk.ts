/** What a VM's desk asks before it acts and tells while it does: loaded when one is shown, or in a quiet moment before. */
export { default as VmConfirm } from './VmConfirm.svelte'
export { default as VmOutcome } from './VmOutcome.svelte'
