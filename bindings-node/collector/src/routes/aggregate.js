'use strict'

const { TENANT } = require('../tenant.js')

/**
 * `GET /api/v1/telemetry/metrics/aggregate`: figures over stored events. The schema knows the names; what their
 * values may be is for the store to say, so that every host refuses alike.
 */

const schema = {
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      channel: { type: 'string' },
      event: { type: 'string' },
      user_id: { type: 'string' },
      field: { type: 'string', description: 'JSON Pointer to a number, such as /payload/duration_ms' },
      aggregation: { type: 'string', description: 'comma list of count sum avg min max p50 p95 p99' },
      group_by: { type: 'string', description: 'comma list of channel event user_id session_id or JSON Pointers' },
      interval: { type: 'string', description: '1m 5m 15m 1h 6h 1d' },
      start_time: { type: 'string', description: 'RFC 3339, included; default: 24 hours before end_time' },
      end_time: { type: 'string', description: 'RFC 3339, not included; default: now' },
      limit: { type: 'integer', minimum: 1 }
    }
  }
}

/**
 * @typedef {{ channel?: string, event?: string, user_id?: string, field?: string, aggregation?: string,
 *   group_by?: string, interval?: string, start_time?: string, end_time?: string, limit?: number }} Query
 */

/**
 * @param {Query} query
 * @returns {string}
 */
function specification ({ aggregation, group_by: groupBy, ...rest }) {
  return JSON.stringify({ ...rest, aggregations: aggregation?.split(','), group_by: groupBy?.split(',') })
}

/**
 * @param {import('fastify').FastifyInstance} app
 * @param {{ store: import('scrubjay').Store }} dependencies
 */
async function aggregateRoutes (app, { store }) {
  app.get('/api/v1/telemetry/metrics/aggregate', { schema }, async (request, reply) => {
    const text = await store.aggregateText(TENANT, specification(/** @type {Query} */ (request.query)))
    return reply.type('application/json').send(text)
  })
}

module.exports = { aggregateRoutes }
