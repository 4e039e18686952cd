'use strict'

const fp = require('fastify-plugin')

/**
 * Measures every answered request of the scope it is registered in. Refused bodies stay out: they are fast and
 * would flatter the durable ones.
 *
 * @param {import('fastify').FastifyInstance} scope
 * @param {{ metrics: import('../metrics.js').Metrics }} options
 */
async function latency (scope, { metrics }) {
  scope.addHook('onResponse', (_request, reply, done) => {
    if (reply.statusCode < 400) metrics.latency.observe(reply.elapsedTime)
    done()
  })
}

/**
 * Counts every answer by route and status. Patterns of routes and statuses are few, so the series are.
 *
 * @param {import('fastify').FastifyInstance} app
 * @param {{ metrics: import('../metrics.js').Metrics }} options
 */
async function requests (app, { metrics }) {
  app.addHook('onResponse', (request, reply, done) => {
    metrics.requests.inc({ route: request.routeOptions.url ?? 'none', status: String(reply.statusCode) })
    done()
  })
}

module.exports = { latency: fp(latency, { name: 'latency' }), requests: fp(requests, { name: 'requests' }) }
