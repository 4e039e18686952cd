'use strict'

const { Readable } = require('node:stream')
const { FORMATS } = require('../config/reports.js')
const { GUARDED, failure, json, query } = require('../plugins/schemas.js')
const { TYPES } = require('../reports/maker.js')
const { PERIODS } = require('../reports/report.js')
const { asked } = require('./query.js')

/**
 * Reports (R1): at once, as a job with progress, and those that were made on schedule.
 *
 * @typedef {{ maker: import('../reports/maker.js').Maker, jobs: import('../reports/jobs.js').Jobs,
 *   archive: import('../reports/archive.js').Archive, audit: import('../audit.js').Audit }} Dependencies
 */

const ROOT = '/api/v1/telemetry/dashboard/reports'
/** The report's page has its figures drawn in it, with one sheet of styles; nothing else may run or load. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

const WANTED = {
  period: { type: 'string', enum: Object.keys(PERIODS), default: 'daily' },
  end_time: { type: 'string', description: 'RFC 3339, not included; default: now' },
  consistency: { type: 'string', description: '`now` waits for everything that was accepted before' }
}
const FORMAT = { type: 'string', enum: [...FORMATS], default: 'json' }
const DOCUMENT = {
  'application/json': { schema: { type: 'object', additionalProperties: true } },
  'text/csv': { schema: { type: 'string' } },
  'text/html': { schema: { type: 'string' } },
  'application/pdf': { schema: { type: 'string', format: 'binary' } }
}
const JOB = { type: 'object', properties: { job_id: { type: 'string', format: 'uuid' } } }

/**
 * @param {import('fastify').FastifyReply} reply
 * @param {string} name
 * @param {{ content: string | Buffer, type: string }} made
 */
function send (reply, name, { content, type }) {
  reply.type(type)
  if (type === TYPES.html) reply.header('content-security-policy', PAGE_POLICY)
  else if (type !== TYPES.json) reply.header('content-disposition', `attachment; filename="${name}"`)
  return reply.send(content)
}

/** @param {string} message */
function notFound (message) {
  return Object.assign(new Error(message), { statusCode: 404, code: 'not_found' })
}

/**
 * @param {import('fastify').FastifyInstance} app
 * @param {Dependencies} dependencies
 */
async function reportRoutes (app, { maker, jobs, archive, audit }) {
  app.get(ROOT, {
    schema: {
      tags: ['dashboard'],
      summary: 'The report of a day or a week: how much of what there was (R1).',
      querystring: query({ ...WANTED, format: FORMAT }),
      response: {
        200: { description: 'Counts by channel and event, figures of metrics, counts over time, and of this process.', content: DOCUMENT },
        ...GUARDED
      }
    }
  }, async (request, reply) => {
    const { tenant, query: { end_time: end, period, format, consistency } } = asked(request)
    await audit.read(request, 'report.read')
    return send(reply, `telemetry-${period}.${format}`, await maker.make(tenant, { period, format, end, consistency }))
  })

  app.post(`${ROOT}/jobs`, {
    schema: {
      tags: ['dashboard'],
      summary: 'Begins to make a report.',
      querystring: query({ ...WANTED, format: FORMAT }),
      response: { 202: json('It is under way.', { job_id: { type: 'string' } }), ...GUARDED }
    }
  }, async (request, reply) => {
    const { tenant, query: { end_time: end, period, format, consistency } } = asked(request)
    await audit.read(request, 'report.read')
    return reply.code(202).send({ job_id: jobs.begin(tenant, { period, format, end, consistency }) })
  })

  app.get(`${ROOT}/jobs/:job_id`, {
    schema: {
      tags: ['dashboard'],
      summary: 'How far a report is: a line for each step, until it is done or failed.',
      params: JOB,
      response: {
        200: {
          description: '`{"stage":"waiting|reading|writing|printing|done","done":n,"of":n}`, at last with `error` where it failed.',
          content: { 'application/x-ndjson': { schema: { type: 'string' } } }
        },
        404: failure('No such report is being made.'),
        ...GUARDED
      }
    }
  }, async (request, reply) => {
    const { job_id: id } = /** @type {{ job_id: string }} */ (request.params)
    const job = jobs.find(asked(request).tenant, id)
    if (job === undefined) throw notFound('no such report is being made; it may be too long ago')
    return reply.type('application/x-ndjson').send(Readable.from(jobs.follow(job)))
  })

  app.get(`${ROOT}/jobs/:job_id/content`, {
    schema: {
      tags: ['dashboard'],
      summary: 'A report that is done.',
      params: JOB,
      response: { 200: { description: 'The report.', content: DOCUMENT }, 404: failure('No such report, or not yet.'), ...GUARDED }
    }
  }, async (request, reply) => {
    const { job_id: id } = /** @type {{ job_id: string }} */ (request.params)
    const job = jobs.find(asked(request).tenant, id)
    if (job?.made === undefined) throw notFound('no such report, or it is not done')
    return send(reply, job.name, job.made)
  })

  app.get(`${ROOT}/kept`, {
    schema: {
      tags: ['dashboard'],
      summary: 'Reports that were made on schedule, the newest first.',
      response: { 200: json('Reports.', { reports: { type: 'array', items: { type: 'object', additionalProperties: true } } }), ...GUARDED }
    }
  }, async (request) => ({ reports: await archive.list(asked(request).tenant) }))

  app.get(`${ROOT}/kept/:report_name`, {
    schema: {
      tags: ['dashboard'],
      summary: 'A report that was made on schedule.',
      params: { type: 'object', properties: { report_name: { type: 'string', maxLength: 64 } } },
      response: { 200: { description: 'The report.', content: DOCUMENT }, 404: failure('No such report.'), ...GUARDED }
    }
  }, async (request, reply) => {
    const { report_name: name } = /** @type {{ report_name: string }} */ (request.params)
    const content = await archive.read(asked(request).tenant, name)
    if (content === null) throw notFound('no such report is kept')
    await audit.read(request, 'report.read')
    const format = /** @type {keyof typeof TYPES} */ (name.split('.').pop())
    return send(reply, name, { content, type: TYPES[format] })
  })
}

module.exports = { reportRoutes }
