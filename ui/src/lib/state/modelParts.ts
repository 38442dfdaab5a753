/** What chooses and names a model: loaded where there is one. */
export { default as ModelChoice } from '#ui/components/ModelChoice.svelte'
export { default as ModelWord } from '#ui/components/ModelWord.svelte'
