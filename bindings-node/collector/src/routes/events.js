'use strict'

const rawBody = require('../plugins/raw-body.js')
const latency = require('../plugins/metrics.js')
const { TENANT } = require('../tenant.js')

/**
 * The two ways in. A request is answered when what it brought is on disk.
 *
 * @typedef {{ engine: import('scrubjay').Engine, store: import('scrubjay').Store,
 *   metrics: import('../metrics.js').Metrics }} Dependencies
 */

const NDJSON = 'application/x-ndjson'
const EMPTY = Buffer.alloc(0)

/**
 * `POST /api/v1/telemetry/events`: one record; its verdict `{"status","id","violations"}` with 200 where it was
 * accepted, 422 where it was not, and 400 where it is not JSON at all.
 *
 * @param {import('fastify').FastifyInstance} scope
 * @param {Dependencies} dependencies
 */
async function single (scope, { engine, store, metrics }) {
  scope.register(rawBody, { contentTypes: ['application/json'] })
  scope.register(latency, { metrics })
  scope.post('/api/v1/telemetry/events', async (request, reply) => {
    const verdict = await store.ingest(engine, TENANT, 'record', /** @type {Buffer} */ (request.body) ?? EMPTY)
    metrics.count(verdict)
    const [result] = verdict.results
    const violation = result?.violations[0]
    if (violation?.code.startsWith('json_')) {
      return reply.code(400).send({ error: { code: violation.code, message: violation.message } })
    }
    return reply.code(result?.status === 'accepted' ? 200 : 422).send(result)
  })
}

/**
 * `POST /api/v1/telemetry/events/batch`: a JSON array, or one record a line; 200 with a verdict for each.
 *
 * @param {import('fastify').FastifyInstance} scope
 * @param {Dependencies} dependencies
 */
async function batch (scope, { engine, store, metrics }) {
  scope.register(rawBody, { contentTypes: ['application/json', NDJSON] })
  scope.register(latency, { metrics })
  scope.post('/api/v1/telemetry/events/batch', async (request, reply) => {
    const format = request.headers['content-type']?.includes(NDJSON) ? 'ndjson' : 'batch'
    const text = await store.ingestText(engine, TENANT, format, /** @type {Buffer} */ (request.body) ?? EMPTY)
    metrics.count(JSON.parse(text))
    // The store's own text, so that no digit of it passes through JavaScript's numbers.
    return reply.type('application/json').send(text)
  })
}

/**
 * @param {import('fastify').FastifyInstance} app
 * @param {Dependencies} dependencies
 */
async function eventRoutes (app, dependencies) {
  app.register(single, dependencies)
  app.register(batch, dependencies)
}

module.exports = { eventRoutes }
