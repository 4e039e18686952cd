'use strict'

const { metricsCatalog } = require('scrubjay')
const { FORMATS } = require('../config/reports.js')
const { GUARDED, json } = require('../plugins/schemas.js')

/**
 * What the dashboard shows beside the API's own answers.
 *
 * @typedef {{ store: import('scrubjay').Store, config: import('../config/index.js').CollectorConfig }} Dependencies
 */

/**
 * @param {import('fastify').FastifyInstance} app
 * @param {Dependencies} dependencies
 */
async function dashboardRoutes (app, { store, config }) {
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
          report_formats: { type: 'array', items: { type: 'string' }, description: 'that this collector can make' },
          report_schedule: { type: 'array', items: { type: 'string' } },
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
      report_formats: FORMATS.filter((format) => format !== 'pdf' || config.reports.chromium !== undefined),
      report_schedule: config.reports.periods,
      ...(isAdmin ? { storage: { records, bytes, days: days.length } } : {})
    }
  })
}

module.exports = { dashboardRoutes }
