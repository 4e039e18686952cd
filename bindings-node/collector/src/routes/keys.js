'use strict'

const { BODIES, GUARDED, json } = require('../plugins/schemas.js')
const { ROLES } = require('../identity/roles.js')
const { asked } = require('./query.js')

/**
 * API keys of the caller's own tenant. A key is shown once, when it is made; only its hash is kept.
 *
 * @typedef {{ store: import('scrubjay').Store, audit: import('../audit.js').Audit,
 *   verifier: import('../identity/verifier.js').Verifier }} Dependencies
 */

const KEY = {
  type: 'object',
  required: ['roles'],
  additionalProperties: false,
  properties: {
    roles: { type: 'array', minItems: 1, uniqueItems: true, items: { type: 'string', enum: [...ROLES] } },
    expires_at: { type: 'string', description: 'RFC 3339; never where absent' },
    name: { type: 'string', minLength: 1, maxLength: 64 }
  }
}

/**
 * @param {import('fastify').FastifyInstance} app
 * @param {Dependencies} dependencies
 */
async function keyRoutes (app, { store, audit, verifier }) {
  app.get('/api/v1/telemetry/keys', {
    schema: {
      tags: ['keys'], summary: 'The API keys, without their secrets.', response: { 200: json('Keys.'), ...GUARDED }
    }
  }, async (request) => ({ keys: await store.apiKeys(asked(request).tenant) }))

  app.post('/api/v1/telemetry/keys', {
    schema: {
      tags: ['keys'],
      summary: 'Makes an API key. Rotation is two keys for a while.',
      body: KEY,
      response: {
        201: json('The key, shown this once.', { id: { type: 'string' }, key: { type: 'string' } }), ...GUARDED, ...BODIES
      }
    }
  }, async (request, reply) => {
    const { tenant } = asked(request)
    const made = await store.apiKeyAdd(tenant, /** @type {any} */ (request.body))
    await audit.write(request, 'key.add', made.id)
    return reply.code(201).send(made)
  })

  app.delete('/api/v1/telemetry/keys/:key_id', {
    schema: {
      tags: ['keys'],
      summary: 'Revokes an API key.',
      params: { type: 'object', properties: { key_id: { type: 'string', minLength: 1, maxLength: 64 } } },
      response: { 200: json('It works no more.'), ...GUARDED }
    }
  }, async (request) => {
    const { tenant } = asked(request)
    const { key_id: id } = /** @type {{ key_id: string }} */ (request.params)
    await audit.write(request, 'key.revoke', id)
    await store.apiKeyRevoke(tenant, id)
    verifier.forget()
    return { id, revoked: true }
  })
}

module.exports = { keyRoutes }
