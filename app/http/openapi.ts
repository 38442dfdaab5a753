import { z } from 'zod'
import { errorSchema } from '#app/schema/api.ts'
import { route, type Route } from './Route.ts'

type Json = Record<string, unknown>

/** `GET /api/openapi.json`: every route in `routes`, and itself. */
export function openapiRoute(routes: Route[], version: string): Route {
  const self: Route = route({
    method: 'get',
    path: '/api/openapi.json',
    access: 'viewer',
    summary: 'This description',
    answers: { 200: { description: 'OpenAPI 3.1', schema: z.looseObject({ openapi: z.string() }) } },
    handle: () => ({ body: describeRoutes([...routes, self], version) }),
  })
  return self
}

/** The OpenAPI 3.1 document of these routes, made from the schemas that validate them. */
export function describeRoutes(routes: Route[], version: string): Json {
  const paths: Record<string, Json> = {}
  for (const one of routes) {
    const path = one.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [one.method]: describeRoute(one) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Breakglass', version },
    security: [{ bearer: [] }, {}],
    components: {
      schemas: { Error: jsonSchema(errorSchema, 'output') },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
    paths,
  }
}

function describeRoute(one: Route): Json {
  const parameters = [...parametersIn('path', one.params), ...parametersIn('query', one.query)]
  return {
    operationId: operationId(one),
    summary: one.summary,
    ...(one.access === 'open' && { security: [] }),
    'x-role': one.access,
    ...(parameters.length > 0 && { parameters }),
    ...(one.body && {
      requestBody: { content: { 'application/json': { schema: jsonSchema(one.body, 'input') } } },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(one.answers).map(([status, answer]) => [status, describe(answer)]),
      ),
      default: {
        description: 'What went wrong, for a person and as a code',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

function describe({ description, schema, contentType = 'application/json' }: Route['answers'][number]): Json {
  if (!schema && contentType === 'application/json') return { description }
  const content = schema ? { schema: jsonSchema(schema, 'output') } : {}
  return { description, content: { [contentType]: content } }
}

function parametersIn(place: 'path' | 'query', schema: z.ZodType | undefined): Json[] {
  if (!schema) return []
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }))
}

/** `post /api/session/:id/prompt` → `postSessionPrompt`. */
function operationId({ method, path }: Route): string {
  const words = path
    .split('/')
    .filter((part) => part !== '' && part !== 'api')
    .map((part) => part.replace(/\W+(\w?)/g, (_, next: string) => next.toUpperCase()))
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}
