'use strict'

const { COOKIE, SESSION_MS } = require('../identity/sessions.js')
const { refusal } = require('../plugins/identity.js')
const { GUARDED, json } = require('../plugins/schemas.js')

/**
 * Signing in to the dashboard: `authorization: Bearer …` is exchanged for a cookie.
 *
 * @typedef {{ verifier: import('../identity/verifier.js').Verifier, sessions: import('../identity/sessions.js').Sessions,
 *   isSecure: boolean }} Dependencies
 */

const URL = '/api/v1/telemetry/dashboard/session'
const SESSION = json('Who is signed in.', {
  tenant: { type: 'string' },
  subject: { type: 'string' },
  roles: { type: 'array', items: { type: 'string' } },
  csrf: { type: 'string', description: '`x-csrf-token` of requests that change something' }
})

/**
 * @param {import('fastify').FastifyInstance} app
 * @param {Dependencies} dependencies
 */
async function sessionRoutes (app, { verifier, sessions, isSecure }) {
  const cookie = { path: '/', httpOnly: true, sameSite: /** @type {const} */ ('strict'), secure: isSecure }
  const answer = (/** @type {import('../identity/sessions.js').Session} */ { identity, csrf }) =>
    ({ tenant: identity.tenant, subject: identity.subject, roles: identity.roles, csrf })

  app.post(URL, {
    schema: {
      tags: ['dashboard'], summary: 'Exchanges credentials for a session of the dashboard.', response: { 200: SESSION, ...GUARDED }
    }
  }, async (request, reply) => {
    // A cookie opens no further session.
    const identity = await verifier.identify(request.headers)
    if (identity === null) throw refusal(401, 'unauthenticated', 'send a valid token or API key as `authorization: Bearer …`')
    const { id, session } = sessions.open(identity)
    reply.setCookie(COOKIE, id, { ...cookie, maxAge: SESSION_MS / 1_000 })
    return answer(session)
  })

  app.get(URL, {
    schema: { tags: ['dashboard'], summary: 'The session there is.', response: { 200: SESSION, ...GUARDED } }
  }, async (request, reply) => {
    const session = sessions.find(request.cookies[COOKIE])
    if (session !== null) return answer(session)
    // A collector without identity: everybody may look, and the page need not ask.
    const identity = await verifier.identify({})
    if (identity === null) throw refusal(401, 'unauthenticated', 'there is no session; POST here with a token')
    const opened = sessions.open(identity)
    reply.setCookie(COOKIE, opened.id, { ...cookie, maxAge: SESSION_MS / 1_000 })
    return answer(opened.session)
  })

  app.delete(URL, {
    schema: {
      tags: ['dashboard'],
      summary: 'Ends the session.',
      response: { 204: { type: 'null', description: 'It has ended.' }, ...GUARDED }
    }
  }, async (request, reply) => {
    const id = request.cookies[COOKIE]
    const session = sessions.find(id)
    if (session !== null && request.headers['x-csrf-token'] !== session.csrf) {
      throw refusal(403, 'forbidden', 'send the session\'s `csrf` as x-csrf-token')
    }
    sessions.close(id)
    return reply.clearCookie(COOKIE, cookie).code(204).send()
  })
}

module.exports = { sessionRoutes }
