'use strict'

const { TENANT } = require('../tenant.js')

/**
 * `GET /health` says that the process lives, `GET /ready` that it can keep what it is sent.
 *
 * @param {import('fastify').FastifyInstance} app
 * @param {{ store: import('scrubjay').Store, version: string }} dependencies
 */
async function healthRoutes (app, { store, version }) {
  const quiet = { logLevel: /** @type {const} */ ('warn') }

  app.get('/health', quiet, async () => ({ status: 'ok', version }))

  app.get('/ready', quiet, async (request, reply) => {
    try {
      await store.queryText(TENANT, { limit: 1 })
      return { status: 'ready' }
    } catch (error) {
      const { code } = /** @type {import('scrubjay').ScrubjayError} */ (error)
      request.log.warn({ code }, 'not ready')
      return reply.code(503).send({ status: 'unavailable', error: { code, message: 'the store does not answer' } })
    }
  })
}

module.exports = { healthRoutes }
