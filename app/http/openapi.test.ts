import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { startTestApp, type TestApp } from '../../test/fakes/testApp.ts'

/** The parts of OpenAPI 3.1 that clients are generated from. */
const media = z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()).optional() }))
const operation = z.object({
  operationId: z.string().regex(/^[a-z]\w+$/),
  summary: z.string().min(1),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.enum(['path', 'query']),
        required: z.boolean(),
        schema: z.looseObject({}),
      }),
    )
    .optional(),
  requestBody: z.object({ content: media }).optional(),
  responses: z.record(
    z.string().regex(/^[1-5]\d\d$|^default$/),
    z.object({ description: z.string(), content: media.optional() }),
  ),
})
const document = z.object({
  openapi: z.literal('3.1.0'),
  info: z.object({ title: z.string(), version: z.string() }),
  components: z.object({ schemas: z.object({ Error: z.looseObject({ required: z.array(z.string()) }) }) }),
  paths: z.record(z.string().startsWith('/'), z.partialRecord(z.enum(['get', 'post', 'delete']), operation)),
})

let app: TestApp
beforeAll(async () => {
  app = await startTestApp('loopback')
})
afterAll(() => app.stop())

test('the description is OpenAPI 3.1 and lists every route, itself and health included', async () => {
  const text = await (await fetch(`${app.url}/api/openapi.json`)).text()
  const { paths, components } = document.parse(JSON.parse(text))
  const listed = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((one) => `${one} ${path}`),
  )
  expect(listed.sort()).toEqual([
    'delete /api/things/{id}',
    'get /api/fails/{how}',
    'get /api/openapi.json',
    'get /api/stream',
    'get /api/things',
    'get /healthz',
    'get /readyz',
    'post /api/things/{id}',
  ])
  expect(components.schemas.Error.required).toEqual(['detail', 'code', 'request_id'])
  const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map((one) => one?.operationId))
  expect(new Set(ids).size).toBe(ids.length)
  expect(text).not.toContain('$defs')
})

test('a route is described by the schemas that validate it', async () => {
  const { paths } = document.parse(await (await fetch(`${app.url}/api/openapi.json`)).json())
  expect(paths['/api/things/{id}']?.post).toMatchObject({
    operationId: 'postThingsId',
    parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
    requestBody: {
      content: { 'application/json': { schema: { properties: { times: { minimum: 1, maximum: 3 } } } } },
    },
    responses: { 201: { content: { 'application/json': { schema: { required: ['id', 'note'] } } } } },
  })
  expect(paths['/api/things']?.get?.parameters).toMatchObject([
    { name: 'limit', in: 'query', required: false },
  ])
  expect(paths['/api/stream']?.get?.responses[200]?.content).toEqual({ 'text/event-stream': {} })
  expect(paths['/healthz']?.get?.security).toEqual([])
})
