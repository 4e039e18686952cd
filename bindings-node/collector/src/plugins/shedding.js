'use strict'

const fp = require('fastify-plugin')
const { refusal } = require('./identity.js')

/** Seconds. What waits for the disk is written in far less; clients add their own random share. */
const RETRY_AFTER_S = 1

/**
 * Refuses bodies while too many wait for the disk already: a client that is told to come again keeps its records, one
 * that waits until it gives up sends them twice.
 *
 * @param {import('fastify').FastifyInstance} scope
 * @param {{ pending: number, metrics: import('../metrics.js').Metrics, counter: { pending: number } }} options
 */
async function shedding (scope, { pending: most, metrics, counter }) {
  // Before parsing, so that what is refused is not inflated; a slow sender takes no place until its body is there.
  scope.addHook('preParsing', (_request, reply, _payload, done) => {
    if (counter.pending < most) return done()
    metrics.refused.inc({ reason: 'overloaded' })
    reply.header('retry-after', RETRY_AFTER_S)
    return done(refusal(503, 'overloaded', 'too many requests wait for the disk; send it again'))
  })
}

module.exports = fp(shedding, { name: 'shedding' })
