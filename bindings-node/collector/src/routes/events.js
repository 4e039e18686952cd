'use strict'

const rawBody = require('../plugins/raw-body.js')
const shedding = require('../plugins/shedding.js')
const { latency } = require('../plugins/metrics.js')
const { BODIES, GUARDED, json } = require('../plugins/schemas.js')

/**
 * The ways in for records as they are. A request is answered when what it brought is on disk.
 *
 * @typedef {{ ingestion: import('../ingestion.js').Ingestion, metrics: import('../metrics.js').Metrics,
 *   pending: number }} Dependencies
 */

const JSON_TYPE = 'application/json'
const NDJSON = 'application/x-ndjson'
const EMPTY = Buffer.alloc(0)
/** R1's prefix, which is documented, and R4's. */
const PREFIXES = ['/api/v1/telemetry', '/v1/telemetry']

const RECORD = { type: 'object', description: 'A record of any kind; see core/schemas.', additionalProperties: true }
const VERDICT = {
  status: { type: 'string', enum: ['accepted', 'rejected', 'dropped'] },
  id: { type: ['string', 'null'] },
  violations: { type: 'array', items: { type: 'object', additionalProperties: true } }
}

/**
 * What every scope that takes records in has.
 *
 * @param {import('fastify').FastifyInstance} scope
 * @param {Dependencies} dependencies
 * @param {{ contentTypes: string[], limit?: number }} body
 */
function receiving (scope, { ingestion, metrics, pending }, body) {
  scope.register(shedding, { pending, metrics, counter: ingestion.counter })
  scope.register(rawBody, body)
  scope.register(latency, { metrics })
}

/**
 * A request's tenant and bytes. The identity is there, or the request would not be here.
 *
 * @param {import('fastify').FastifyRequest} request
 */
function brought (request) {
  const { tenant } = /** @type {import('../identity/verifier.js').Identity} */ (request.identity)
  return { tenant, body: /** @type {Buffer | undefined} */ (request.body) ?? EMPTY }
}

/**
 * `POST …/events`: one record; its verdict with 200 where it was accepted, 422 where it was not, and 400 where it is not
 * JSON at all.
 *
 * @param {import('fastify').FastifyInstance} scope
 * @param {Dependencies} dependencies
 */
async function single (scope, dependencies) {
  receiving(scope, dependencies, { contentTypes: [JSON_TYPE] })
  for (const prefix of PREFIXES) {
    const schema = {
      hide: prefix !== PREFIXES[0],
      tags: ['ingestion'],
      summary: 'Takes one record.',
      body: { content: { [JSON_TYPE]: { schema: RECORD } } },
      response: {
        200: json('Accepted and on disk.', VERDICT), 422: json('Breaks its schema.', VERDICT), ...GUARDED, ...BODIES
      }
    }
    scope.post(`${prefix}/events`, { schema }, async (request, reply) => {
      const { tenant, body } = brought(request)
      const { results: [result] } = JSON.parse(await dependencies.ingestion.take(tenant, 'record', body))
      const violation = result?.violations[0]
      if (violation?.code.startsWith('json_')) {
        return reply.code(400).send({ error: { code: violation.code, message: violation.message } })
      }
      return reply.code(result?.status === 'accepted' ? 200 : 422).send(result)
    })
  }
}

/**
 * `POST …/events/batch`: a JSON array, or one record a line; 200 with a verdict for each.
 *
 * @param {import('fastify').FastifyInstance} scope
 * @param {Dependencies} dependencies
 */
async function batch (scope, dependencies) {
  receiving(scope, dependencies, { contentTypes: [JSON_TYPE, NDJSON] })
  for (const prefix of PREFIXES) {
    const schema = {
      hide: prefix !== PREFIXES[0],
      tags: ['ingestion'],
      summary: 'Takes up to 1,000 records, each with a verdict of its own.',
      body: {
        content: {
          [JSON_TYPE]: { schema: { type: 'array', items: RECORD, maxItems: 1_000 } },
          [NDJSON]: { schema: { type: 'string', description: 'one record a line' } }
        }
      },
      response: {
        200: json('A verdict for each record, in order; what was accepted is on disk.', {
          accepted: { type: 'integer' },
          rejected: { type: 'integer' },
          dropped: { type: 'integer' },
          duplicates: { type: 'integer' },
          results: { type: 'array', items: { type: 'object', properties: VERDICT, additionalProperties: true } },
          redactions: { type: 'object', additionalProperties: { type: 'integer' } }
        }),
        ...GUARDED,
        ...BODIES
      }
    }
    scope.post(`${prefix}/events/batch`, { schema }, async (request, reply) => {
      const { tenant, body } = brought(request)
      const format = request.headers['content-type']?.includes(NDJSON) ? 'ndjson' : 'batch'
      // The store's own text, so that no digit of it passes through JavaScript's numbers.
      return reply.type(JSON_TYPE).send(await dependencies.ingestion.take(tenant, format, body))
    })
  }
}

/**
 * @param {import('fastify').FastifyInstance} app
 * @param {Dependencies} dependencies
 */
async function eventRoutes (app, dependencies) {
  app.register(single, dependencies)
  app.register(batch, dependencies)
}

module.exports = { JSON_TYPE, PREFIXES, brought, eventRoutes, receiving }
