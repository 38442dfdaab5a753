/**
 * What no first screen needs, as one script that is loaded behind it: each piece by itself would weigh more in what
 * loads it than it saves.
 */
export { default as WaitingLink } from '#ui/components/WaitingLink.svelte'
export { Board } from './Board.svelte.ts'
