'use strict'

const fp = require('fastify-plugin')
const { accessOf } = require('../identity/roles.js')
const { COOKIE } = require('../identity/sessions.js')

/**
 * Who may go on. Deny by default: a route that the table does not know stops the start, and a request that matches no
 * route is refused before anything of it is read.
 *
 * The tenant is that of the credentials and of nothing else: no path, parameter, header or body is asked for one.
 *
 * @param {import('fastify').FastifyInstance} app
 * @param {{ verifier: import('../identity/verifier.js').Verifier,
 *   sessions: import('../identity/sessions.js').Sessions, metrics: import('../metrics.js').Metrics,
 *   tracing: import('../telemetry/http.js').HttpTelemetry }} options
 */
async function identity (app, { verifier, sessions, metrics, tracing }) {
  app.addHook('onRoute', ({ method, url }) => {
    for (const name of [method].flat()) {
      if (accessOf(name, url) === undefined) throw new Error(`${name} ${url} is missing in the table of roles`)
    }
  })

  app.addHook('onRequest', async (request, reply) => {
    const { routeOptions: { url } } = request
    // No such route: 404, which says nothing that the documentation does not say.
    if (url === undefined) return
    const access = accessOf(request.method, url)
    if (access === 'public') return
    const found = await verifier.identify(request.headers) ?? ofSession(sessions, request)
    if (found === null) {
      metrics.refused.inc({ reason: 'unauthenticated' })
      reply.header('www-authenticate', 'Bearer')
      throw refusal(401, 'unauthenticated', 'send a valid token or API key as `authorization: Bearer …`')
    }
    request.identity = found
    const allowed = access ?? []
    if (!allowed.some((role) => found.roles.includes(role))) {
      metrics.refused.inc({ reason: 'forbidden' })
      tracing.record(request.context, { event_key: 'collector.access.denied', severity: 'warning' })
      throw refusal(403, 'forbidden', `needs one of the roles ${allowed.join(', ')}`)
    }
  })
}

/** Methods that change nothing (RFC 9110, 9.2.1). */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

/**
 * Who is signed in to the dashboard. Where credentials were sent, they count and not the cookie.
 *
 * @param {import('../identity/sessions.js').Sessions} sessions
 * @param {import('fastify').FastifyRequest} request
 */
function ofSession (sessions, { method, headers, cookies }) {
  const session = headers.authorization === undefined && headers['x-api-key'] === undefined
    ? sessions.find(cookies[COOKIE])
    : null
  // Browsers send cookies unasked: what changes something must also say what only the dashboard's own page knows.
  if (session !== null && !SAFE_METHODS.includes(method) && headers['x-csrf-token'] !== session.csrf) {
    throw refusal(403, 'forbidden', "send the session's `csrf` as x-csrf-token")
  }
  return session?.identity ?? null
}

/**
 * @param {number} statusCode
 * @param {string} code
 * @param {string} message
 */
function refusal (statusCode, code, message) {
  return Object.assign(new Error(message), { statusCode, code })
}

module.exports = { identity: fp(identity, { name: 'identity', dependencies: ['context', '@fastify/cookie'] }), refusal }
