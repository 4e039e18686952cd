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
  scope.addHook('onResponse', async (_request, reply) => {
    if (reply.statusCode < 400) metrics.latency.observe(reply.elapsedTime)
  })
}

module.exports = fp(latency, { name: 'latency' })
