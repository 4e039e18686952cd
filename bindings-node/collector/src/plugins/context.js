'use strict'

const { randomUUID } = require('node:crypto')
const fp = require('fastify-plugin')

/**
 * @typedef {typeof import('../types.d.ts')} Types what is added to Fastify's requests
 */

/**
 * What is known of a request beside its body: its correlation id, and once it is proven, whose it is.
 *
 * @typedef {object} RequestContext
 * @property {string} requestId correlates what one request left behind: answer, log line, trace
 * @property {string | undefined} routeName the route's pattern; never the path, in which a user id may stand
 * @property {import('../identity/verifier.js').Identity | undefined} identity
 */

/** What a caller may choose: safe in headers, logs and records, and as long as a record's request id may be (R3). */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/

/**
 * The caller's id of a request where it sent a usable one, or a fresh one.
 *
 * @param {import('node:http').IncomingMessage} request
 */
function requestId (request) {
  const { 'x-correlation-id': correlation, 'x-request-id': given = correlation } = request.headers
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
}

/** @param {import('fastify').FastifyInstance} app */
async function context (app) {
  app.decorateRequest('identity', undefined)
  app.decorateRequest('context', {
    getter () {
      const request = /** @type {import('fastify').FastifyRequest} */ (/** @type {unknown} */ (this))
      const { id, routeOptions, identity } = request
      return { requestId: id, routeName: routeOptions.url, identity }
    }
  })
  // Hooks that wait for nothing call back: a promise for each would cost a request more than what they do.
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-correlation-id', request.id)
    done()
  })
}

module.exports = { context: fp(context, { name: 'context' }), requestId }
