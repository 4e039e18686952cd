'use strict'

const { failure, json } = require('../plugins/schemas.js')

/**
 * `GET /health` says that the process lives, `GET /ready` that it can keep what it is sent.
 *
 * @param {import('fastify').FastifyInstance} app
 * @param {{ store: import('scrubjay').Store, version: string }} dependencies
 */
async function healthRoutes (app, { store, version }) {
  const quiet = { logLevel: /** @type {const} */ ('warn') }
  let isClosing = false
  app.addHook('preClose', async () => { isClosing = true })

  app.get('/health', {
    ...quiet,
    schema: { tags: ['operation'], summary: 'Whether the process lives.', response: { 200: json('It does.') } }
  }, async () => ({ status: 'ok', version }))

  app.get('/ready', {
    ...quiet,
    schema: {
      tags: ['operation'],
      summary: 'Whether it can keep what it is sent.',
      response: { 200: json('It can.'), 503: failure('It cannot now.') }
    }
  }, async (request, reply) => {
    try {
      if (isClosing) throw Object.assign(new Error(), { code: 'closed' })
      await store.stats()
      return { status: 'ready' }
    } catch (error) {
      const { code } = /** @type {import('scrubjay').ScrubjayError} */ (error)
      request.log.warn({ code }, 'not ready')
      return reply.code(503).send({ status: 'unavailable', error: { code, message: 'the store does not answer' } })
    }
  })
}

module.exports = { healthRoutes }
