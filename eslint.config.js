import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import { defineConfig } from 'eslint/config'
import ts from 'typescript-eslint'
import { forbiddenImports, ranks } from './test/structure/zones.ts'

/**
 * Imports of one folder of `app/`: across folders as `#app/…` and only to the right; within it by a relative path. A
 * unit test may use the fakes; nothing else leaves its folder by a relative path.
 */
function zone(folder) {
  const forbidden = {
    regex: forbiddenImports(folder),
    message: `app/${folder} may not import this: see test/structure/zones.ts and ADR 0002.`,
  }
  const files = folder.endsWith('.ts') ? [`app/${folder}`] : [`app/${folder}/*.ts`, `app/${folder}/*/*.ts`]
  return files.map((pattern, depth) => {
    const out = {
      regex: `^(\\.\\./){${depth + 1}}(?!(\\.\\./)*test/fakes/)`,
      message: 'Across folders, import as #app/….',
    }
    return { files: [pattern], rules: { 'no-restricted-imports': ['error', { patterns: [forbidden, out] }] } }
  })
}

function lines(max) {
  return ['error', { max, skipBlankLines: true, skipComments: true }]
}

const zones = ranks.flat().flatMap(zone)

export default defineConfig(
  { ignores: ['node_modules', 'ui/build', 'ui/.svelte-kit', 'ui/static', 'data', 'test-results'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,svelte}'],
    extends: [ts.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte'],
        parser: ts.parser,
      },
    },
    rules: {
      'no-undef': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // `||` is meant where an empty text counts as none.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: true }],
      '@typescript-eslint/prefer-optional-chain': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // A number in a template literal is what one reads there.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // What implements an interface of promises may have nothing to wait for.
      '@typescript-eslint/require-await': 'off',
    },
  },
  svelte.configs.recommended,
  // The UI stands at the root of its address: there is no base path to resolve.
  { files: ['ui/**'], rules: { 'svelte/no-navigation-without-resolve': 'off' } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  // A longer file is listed here with its reason; a test is a list of cases and may be longer.
  { files: ['**/*.{ts,svelte}'], rules: { 'max-lines': lines(250) } },
  { files: ['**/*.test.ts'], rules: { 'max-lines': lines(400) } },
  // One contract each, which is read as a whole: what every log keeps to, and every way to attach.
  { files: ['app/eventlog/conformance.ts', 'app/http/FeedHub.test.ts'], rules: { 'max-lines': 'off' } },
  {
    // Kit's routes and the tools' configurations demand a default export, and so does a reporter of vitest.
    files: ['{app,test}/**/*.ts', 'ui/src/lib/**/*.ts'],
    ignores: ['**/*.config.ts', 'test/run/*Reporter.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Export by name; the file is named after it.' },
      ],
    },
  },
  {
    // What a server answered is read here as the test expects it; a wrong guess fails the test.
    files: ['test/**/*.ts', '**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  zones,
  {
    // The UI shares the shapes with the server, and their types only: zod weighs 20 kB.
    files: ['ui/src/**/*.{ts,svelte}'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^#app/(?!schema/)', message: 'The UI knows nothing of the server but its schema.' },
            { regex: '^#app/schema/', allowTypeImports: true, message: 'Import types only: zod is heavy.' },
          ],
        },
      ],
    },
  },
  {
    files: ['start.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        ['clearInterval', 'process', 'setInterval', 'setTimeout'].map((name) => [name, 'readonly']),
      ),
    },
  },
  svelte.configs.prettier,
)
