'use strict'

const { BODIES, GUARDED, ORDER, PAGING, json, query } = require('../plugins/schemas.js')
const { asked } = require('./query.js')

/**
 * The rights of users: consent, access, deletion; and the trail of who did what.
 *
 * @typedef {{ engine: import('scrubjay').Engine, store: import('scrubjay').Store,
 *   audit: import('../audit.js').Audit, deletion: import('../forward/deletion.js').Deletion }} Dependencies
 */

const USER = {
  type: 'object', properties: { user_id: { type: 'string', minLength: 1, maxLength: 255 } }
}
const PURPOSES = ['diagnostics', 'performance', 'analytics']
const LIST = json('One page.', { next: { type: ['string', 'null'] } })

const UPDATE = {
  type: 'object',
  required: ['user_id', 'purposes'],
  additionalProperties: false,
  properties: {
    user_id: { type: 'string', minLength: 1, maxLength: 255 },
    purposes: {
      type: 'object',
      minProperties: 1,
      additionalProperties: false,
      properties: Object.fromEntries(PURPOSES.map((purpose) => [purpose, { type: 'boolean' }]))
    },
    notice_version: { type: 'string', maxLength: 255, description: 'version of the privacy notice that was shown' },
    source: { type: 'string', maxLength: 255, description: 'where the user said so' }
  }
}

/**
 * @param {import('fastify').FastifyInstance} app
 * @param {Dependencies} dependencies
 */
async function privacyRoutes (app, { engine, store, audit, deletion }) {
  const userOf = (/** @type {import('fastify').FastifyRequest} */ request) =>
    /** @type {{ user_id: string }} */ (request.params).user_id

  app.get('/api/v1/telemetry/consent/status', {
    schema: {
      tags: ['privacy'],
      summary: "A user's consent by purpose, with its history (R1).",
      querystring: query({ user_id: USER.properties.user_id }, ['user_id']),
      response: { 200: json('What is in force, and every decision there was.'), ...GUARDED }
    }
  }, async (request) => {
    const { tenant, query: { user_id: user } } = asked(request)
    return store.consentStatus(engine, tenant, user)
  })

  app.post('/api/v1/telemetry/consent/update', {
    schema: {
      tags: ['privacy'],
      summary: "Records a user's decision (R1).",
      body: UPDATE,
      response: { 200: json('What is in force now.'), ...GUARDED, ...BODIES }
    }
  }, async (request) => {
    const { tenant } = asked(request)
    const state = await store.consentUpdate(engine, tenant, /** @type {any} */ (request.body))
    await audit.write(request, 'consent.update', state.user)
    return state
  })

  app.delete('/api/v1/telemetry/data/:user_id', {
    schema: {
      tags: ['privacy'],
      summary: 'Deletes everything of a user, for good (R1).',
      params: USER,
      response: {
        200: json('The receipt.', { request_id: { type: 'string' }, records: { type: 'integer' } }), ...GUARDED
      }
    }
  }, async (request) => {
    const { tenant, subject } = asked(request)
    return deletion.run(tenant, userOf(request), subject)
  })

  app.get('/api/v1/telemetry/data/:user_id', {
    schema: {
      tags: ['privacy'],
      summary: 'Everything that is stored of a user, page by page.',
      params: USER,
      querystring: query(PAGING),
      response: { 200: LIST, ...GUARDED }
    }
  }, async (request, reply) => {
    const { tenant, query: spec } = asked(request)
    await audit.read(request, 'user.access')
    return reply.type('application/json').send(await store.userDataText(engine, tenant, userOf(request), spec))
  })

  app.get('/api/v1/telemetry/deletions', {
    schema: {
      tags: ['privacy'],
      summary: 'Deletions and their receipts.',
      querystring: query({ ...PAGING, ...ORDER }),
      response: { 200: LIST, ...GUARDED }
    }
  }, async (request) => {
    const { tenant, query: spec } = asked(request)
    return store.deletions(tenant, spec)
  })

  app.get('/api/v1/telemetry/audit', {
    schema: {
      tags: ['privacy'],
      summary: 'The audit trail.',
      querystring: query({ ...PAGING, ...ORDER }),
      response: { 200: LIST, ...GUARDED }
    }
  }, async (request) => {
    const { tenant, query: spec } = asked(request)
    await audit.read(request, 'audit.read')
    return store.audit(tenant, spec)
  })

  app.get('/api/v1/telemetry/audit/verify', {
    schema: {
      tags: ['privacy'],
      summary: 'Whether nobody changed the audit trail.',
      response: { 200: json('The state of the chain.', { entries: { type: 'integer' } }), ...GUARDED }
    }
  }, async () => store.auditVerify())
}

module.exports = { privacyRoutes }
