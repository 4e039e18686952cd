'use strict'

const fp = require('fastify-plugin')
const rateLimit = require('@fastify/rate-limit')
const { refusal } = require('./identity.js')

/** Rates are per minute. */
const WINDOW_MS = 60_000
/** Keys and tenants that are counted at a time; beyond that the least recently used begins anew. */
const COUNTED = 10_000

/**
 * How often one credential, and one tenant with all of its credentials, may ask. It is settled before a body is read:
 * what a noisy tenant sends costs its neighbours nothing but the headers.
 *
 * @param {import('fastify').FastifyInstance} app
 * @param {{ limits: import('../config/index.js').Limits, metrics: import('../metrics.js').Metrics }} options
 */
async function limits (app, { limits: { perKey, perTenant }, metrics }) {
  await app.register(rateLimit, { global: false, timeWindow: WINDOW_MS, cache: COUNTED })
  const limiters = [
    { max: perTenant, keyGenerator: (/** @type {any} */ request) => request.identity.tenant },
    {
      max: perKey,
      keyGenerator: (/** @type {any} */ { identity }) => `${identity.tenant}\n${identity.subject}`
    }
  ].filter(({ max }) => max > 0).map((options) => app.createRateLimit({ ...options, timeWindow: WINDOW_MS }))

  if (limiters.length === 0) return
  app.addHook('onRequest', async (request, reply) => {
    if (request.identity === undefined) return
    for (const limiter of limiters) {
      const counted = /** @type {any} */ (await limiter(request))
      if (!counted.isExceeded) continue
      metrics.refused.inc({ reason: 'rate_limited' })
      reply.header('retry-after', Math.max(1, counted.ttlInSeconds))
      throw refusal(429, 'rate_limited', 'too many requests a minute; send them after the time in `retry-after`')
    }
  })
}

module.exports = fp(limits, { name: 'limits', dependencies: ['identity'] })
