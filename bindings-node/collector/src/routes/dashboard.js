'use strict'

const { GUARDED, SELECTION, json, query } = require('../plugins/schemas.js')
const { asked } = require('./query.js')

/**
 * A page that says where figures are, and the figures as JSON.
 *
 * @typedef {{ store: import('scrubjay').Store, counts: import('../counts.js').Counts,
 *   audit: import('../audit.js').Audit }} Dependencies
 */

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>scrubjay collector</title>
<h1>scrubjay collector</h1>
<p>Figures of this tenant are at <code>GET /api/v1/telemetry/dashboard/reports</code>, with the same credentials.</p>
<ul>
<li><a href="/api/v1/telemetry/dashboard/reports">Reports</a></li>
<li><a href="/docs">The API</a></li>
</ul>
</html>
`

/** Events that a report lists; the most frequent first is for who reads it. */
const REPORT_BUCKETS = 100

/**
 * @param {import('fastify').FastifyInstance} app
 * @param {Dependencies} dependencies
 */
async function dashboardRoutes (app, { store, counts, audit }) {
  app.get('/api/v1/telemetry/dashboard', {
    schema: {
      tags: ['dashboard'],
      summary: 'A page about the tenant (R1).',
      response: { 200: { description: 'HTML.', content: { 'text/html': { schema: { type: 'string' } } } }, ...GUARDED }
    }
  }, async (_request, reply) => reply.type('text/html; charset=utf-8').send(PAGE))

  app.get('/api/v1/telemetry/dashboard/reports', {
    schema: {
      tags: ['dashboard'],
      summary: 'How much of what there is (R1).',
      querystring: query(SELECTION),
      response: {
        200: json('Counts by channel and event, and of this process.', {
          events: { type: 'array', items: { type: 'object', additionalProperties: true } },
          truncated: { type: 'boolean' },
          ingestion: { type: 'object', additionalProperties: true }
        }),
        ...GUARDED
      }
    }
  }, async (request) => {
    const { tenant, query: range } = asked(request)
    await audit.read(request, 'figures.read')
    const spec = { ...range, group_by: ['channel', 'event'], limit: REPORT_BUCKETS }
    const { buckets, truncated } = await store.aggregate(tenant, spec)
    return { events: buckets, truncated, ingestion: counts.of(tenant) }
  })
}

module.exports = { dashboardRoutes }
