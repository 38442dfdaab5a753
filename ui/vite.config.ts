import adapter from '@sveltejs/adapter-static'
import { sveltekit } from '@sveltejs/kit/vite'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'
import { VitePWA, type VitePluginPWAAPI } from 'vite-plugin-pwa'

const output = fileURLToPath(new URL('build', import.meta.url))
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** Paths that belong to the server or to a proxy before it: never answered with the shell. */
const serverPaths = [
  /^\/api\//,
  /^\/auth\//,
  /^\/outpost\.goauthentik\.io\//,
  /^\/(healthz|readyz|metrics|status)$/,
]

const pwa = VitePWA({
  registerType: 'autoUpdate',
  injectRegister: false,
  // A file of its own in `static/`, so that every server sends it as it is.
  manifest: false,
  outDir: output,
  workbox: {
    globDirectory: output,
    globPatterns: ['200.html', '_app/immutable/**/*.{js,css,woff2}', '*.png', 'manifest.webmanifest'],
    // Hashed names need no second cache key.
    dontCacheBustURLsMatching: /\/immutable\//,
    navigateFallback: '/200.html',
    navigateFallbackDenylist: serverPaths,
    inlineWorkboxRuntime: true,
    sourcemap: false,
  },
})

/**
 * The PWA's own build plugin runs before the adapter has written the site and would precache nothing: only the
 * main plugin stays, and the worker is made when everything else is built.
 */
function pwaAfterAdapter(): Plugin[] {
  const main = pwa.find((plugin) => plugin.name === 'vite-plugin-pwa')
  // The plugin's public API stands on its main plugin, typed as `any` by Vite.
  const api = main?.api as VitePluginPWAAPI | undefined
  if (main === undefined || api === undefined)
    throw new Error('vite-plugin-pwa has changed its shape: no main plugin with an api')
  return [
    main,
    {
      name: 'breakglass:pwa-after-adapter',
      buildApp: {
        order: 'post',
        async handler() {
          await api.generateSW()
        },
      },
    },
  ]
}

export default defineConfig({
  plugins: [
    sveltekit({
      adapter: adapter({ pages: output, assets: output, fallback: '200.html' }),
      compilerOptions: { runes: true },
      csp: {
        mode: 'hash',
        directives: {
          'default-src': ['none'],
          'script-src': ['self'],
          'style-src': ['self'],
          // The one style attribute of Kit itself, on its announcer of page titles.
          'style-src-attr': ['unsafe-hashes', 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='],
          'img-src': ['self', 'data:'],
          'font-src': ['self'],
          'connect-src': ['self'],
          'manifest-src': ['self'],
          'worker-src': ['self'],
          'base-uri': ['none'],
          'form-action': ['none'],
        },
      },
      // Without a fixed name every build would differ.
      version: { name: version, pollInterval: 0 },
    }),
    pwaAfterAdapter(),
  ],
  build: {
    assetsInlineLimit: 0,
    // What several screens share is one file: many small ones compress badly and cost a request each. Not Kit's own:
    // some of it must be evaluated only after the page has told it its version.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              name: 'shared',
              test: /ui.src.lib.(?!vm|fleet|api.fleet|text.(plain|visible)|components.(Copy|Exact|Hold|swallow))|node_modules.(?!@sveltejs.kit)/,
              minShareCount: 2,
            },
            // No first screen needs these: what a VM's page shares with its desk, and that with a transcript.
            { name: 'fleet', test: /ui.src.lib.(fleet|api.fleet)/, minShareCount: 2 },
            { name: 'exact', test: /ui.src.lib.(text.(plain|visible)|components.Exact)/, minShareCount: 2 },
            { name: 'vm', test: /ui.src.lib.vm/, minShareCount: 2 },
            { name: 'hands', test: /ui.src.lib.components.(Copy|Hold|swallow)/, minShareCount: 2 },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8080' } },
})
