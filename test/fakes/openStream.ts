import { route } from '#app/http/Route.ts'
import { createHolder, openSse } from '#app/http/sse.ts'

/** `GET /api/open`: a stream that says one thing and stays open. */
export const openStream = route({
  method: 'get',
  path: '/api/open',
  access: 'viewer',
  summary: 'A stream that stays open',
  answers: { 200: { description: 'Events', contentType: 'text/event-stream' } },
  handle({ response }) {
    const socket = openSse(response, createHolder())
    socket.write('data: 1\n\n')
    socket.uncork()
  },
})
