import { createContext } from 'svelte'
import type { App } from './App.svelte.ts'

/** The app of this page: set by the layout, read by every component below it. */
export const [getApp, setApp] = createContext<App>()
