'use strict'

const { metricsCatalog, reportPage } = require('scrubjay')
const { GUARDED, json, query } = require('../plugins/schemas.js')
const { PERIODS, Report, rangeOf, waits } = require('../report.js')
const { asked } = require('./query.js')

/**
 * What the dashboard shows beside the API's own answers, and reports.
 *
 * @typedef {{ engine: import('scrubjay').Engine, store: import('scrubjay').Store, counts: import('../counts.js').Counts,
 *   audit: import('../audit.js').Audit, config: import('../config/index.js').CollectorConfig }} Dependencies
 */

const CSV = 'text/csv; charset=utf-8'
/** The report's page has its figures drawn in it, with one sheet of styles; nothing else may run or load. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

/**
 * @param {import('fastify').FastifyInstance} app
 * @param {Dependencies} dependencies
 */
async function dashboardRoutes (app, { engine, store, counts, audit, config }) {
  const catalog = metricsCatalog()

  app.get('/api/v1/telemetry/dashboard/overview', {
    schema: {
      tags: ['dashboard'],
      summary: 'How this collector is set up: catalogue of metrics, retention, privacy; for administrators also storage.',
      response: {
        200: json('The set-up.', {
          catalog: { type: 'array', items: { type: 'object', additionalProperties: true } },
          retention_days: { type: 'integer' },
          privacy_mode: { type: 'string' },
          storage: {
            type: 'object', description: 'over all tenants', properties: Object.fromEntries(['records', 'bytes', 'days'].map((name) => [name, { type: 'integer' }]))
          }
        }),
        ...GUARDED
      }
    }
  }, async (request) => {
    const isAdmin = request.identity?.roles.includes('admin')
    const { records, bytes, days } = isAdmin ? await store.stats() : { records: 0, bytes: 0, days: [] }
    return {
      catalog,
      retention_days: config.retentionDays,
      privacy_mode: config.privacyMode,
      ...(isAdmin ? { storage: { records, bytes, days: days.length } } : {})
    }
  })

  app.get('/api/v1/telemetry/dashboard/reports', {
    schema: {
      tags: ['dashboard'],
      summary: 'The report of a day or a week: how much of what there was (R1).',
      querystring: query({
        period: { type: 'string', enum: Object.keys(PERIODS), default: 'daily' },
        end_time: { type: 'string', description: 'RFC 3339, not included; default: now' },
        format: { type: 'string', enum: ['json', 'csv', 'html'], default: 'json' },
        consistency: { type: 'string', description: '`now` waits for everything that was accepted before' }
      }),
      response: {
        200: {
          description: 'Counts by channel and event, figures of metrics, counts over time, and of this process.',
          content: {
            'application/json': { schema: { type: 'object', additionalProperties: true } },
            'text/csv': { schema: { type: 'string' } },
            'text/html': { schema: { type: 'string' } }
          }
        },
        ...GUARDED
      }
    }
  }, async (request, reply) => {
    const { tenant, query: { period, format, end_time: end, consistency } } = asked(request)
    await audit.read(request, 'report.read')
    if (format === 'html') {
      // What `scrubjay etl` writes over archives, over what is stored.
      const page = reportPage(await store.report(engine, tenant, { schema: 'any', ...rangeOf(period, end), ...waits(consistency) }))
      return reply.type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY).send(page)
    }
    const report = await Report.of(store, tenant, period, end, consistency)
    if (format === 'csv') {
      return reply.type(CSV).header('content-disposition', `attachment; filename="telemetry-${period}.csv"`).send(report.toCsv())
    }
    return { ...report.figures, ingestion: counts.of(tenant) }
  })
}

module.exports = { dashboardRoutes }
