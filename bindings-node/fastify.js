'use strict'

/** Fastify: each request has its context, and is a span. See `fastify.d.ts`. */

const { Served, harmless } = require('./lib/served.js')

const SERVED = Symbol('scrubjay.served')

/**
 * @param {any} app
 * @param {import('./fastify.js').FastifyTelemetryOptions} options
 */
async function fastifyTelemetry (app, { client, enrich, ...options }) {
  app.decorateRequest(SERVED, null)
  // Before the body is read: the time that takes is the request's too.
  app.addHook('onRequest', (/** @type {any} */ request, /** @type {any} */ reply, /** @type {() => void} */ done) => {
    const served = harmless(() => {
      const { url } = request.routeOptions
      const context = { request_id: String(request.id), route_name: url, ip_address: request.ip, ...enrich?.(request) }
      return new Served(client, request.raw, context, { client, ...options })
    })
    request[SERVED] = served
    if (served) served.run(done)
    else done()
  })
  // A body arrives in events of the socket, which know nothing of the request's context.
  app.addHook('preValidation', (/** @type {any} */ request, /** @type {any} */ reply, /** @type {() => void} */ done) => {
    if (request[SERVED]) request[SERVED].run(done)
    else done()
  })
  app.addHook('onError', async (/** @type {any} */ request, /** @type {any} */ reply, /** @type {unknown} */ error) => {
    harmless(() => request[SERVED]?.fail(error))
  })
  app.addHook('onResponse', async (/** @type {any} */ request, /** @type {any} */ reply) => {
    harmless(() => request[SERVED]?.end(reply.statusCode, request.routeOptions.url, true))
  })
  app.addHook('onRequestAbort', async (/** @type {any} */ request) => {
    harmless(() => request[SERVED]?.end(0, request.routeOptions.url, false))
  })
}

// What fastify-plugin does: the hooks are for the whole application, and not for a part of it that nobody is in.
Object.assign(fastifyTelemetry, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'scrubjay',
  [Symbol.for('plugin-meta')]: { name: 'scrubjay', fastify: '5.x' }
})

module.exports = { fastifyTelemetry }
