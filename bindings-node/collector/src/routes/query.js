'use strict'

const { GUARDED, PAGING, SELECTION, failure, json, query } = require('../plugins/schemas.js')

/**
 * Questions about what is stored. Schemas know the names of parameters; what their values may be is for the store to
 * say, so that every host refuses alike. Who reads records is written into the audit trail.
 *
 * @typedef {{ engine: import('scrubjay').Engine, store: import('scrubjay').Store, counts: import('../counts.js').Counts,
 *   audit: import('../audit.js').Audit, figures: import('../figures.js').Figures }} Dependencies
 */

const METRIC = 'telemetry_metric_v1'
const TRACE = 'telemetry_trace_v1'
/** Formats of an export. @type {Record<string, string>} */
const EXPORT_TYPES = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
  parquet: 'application/vnd.apache.parquet'
}

const FILTERS = {
  schema: { type: 'string', description: 'the kind of record, or `any`' },
  channel: { type: 'string' },
  event: { type: 'string' },
  name: { type: 'string', description: 'of a metric or span; of an event channel.event' },
  user_id: { type: 'string' },
  trace_id: { type: 'string' },
  request_id: { type: 'string', description: 'of traces by an index; other kinds are searched within the range' }
}
const FIGURES = {
  field: { type: 'string', description: 'JSON Pointer to a number, such as /payload/duration_ms; of metrics /value' },
  aggregation: { type: 'string', description: 'comma list of count records users sum avg min max p50 p95 p99' },
  group_by: {
    type: 'string', description: 'comma list of channel event user_id session_id, JSON Pointers, or names of attributes'
  },
  interval: { type: 'string', description: '1m 5m 15m 1h 6h 1d' },
  limit: { type: 'integer', minimum: 1, description: 'buckets of the answer' },
  top: { type: 'integer', minimum: 1, description: 'only so many groups of each interval, the greatest first' },
  order_by: { type: 'string', description: 'by which aggregation; default: the first' }
}

const PAGE = json('One page, by rising time.', {
  records: { type: 'array', items: { type: 'object', additionalProperties: true } },
  next: { type: ['string', 'null'], description: '`cursor` of the next page; null where there is none' }
})

/** Names that `group_by` has besides; anything else that is no pointer is an attribute. */
const GROUPS = ['channel', 'event', 'user_id', 'session_id', 'schema']

/** @param {string} text */
function list (text) {
  return text.split(',')
}

/** R1 groups metrics by `endpoint`: an attribute. @param {string} key */
function groupKey (key) {
  const isPlain = /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(key) && !GROUPS.includes(key)
  return isPlain ? `/attributes/${key}` : key
}

/**
 * The tenant and parameters of a request.
 *
 * @param {import('fastify').FastifyRequest} request
 */
function asked (request) {
  const { tenant, subject } = /** @type {import('../identity/verifier.js').Identity} */ (request.identity)
  return { tenant, subject, query: /** @type {Record<string, any>} */ (request.query) }
}

/**
 * @param {import('fastify').FastifyInstance} app
 * @param {Dependencies} dependencies
 */
async function queryRoutes (app, { engine, store, counts, audit, figures }) {
  /**
   * Answers with a page of records, and says so in the audit trail.
   *
   * @param {import('fastify').FastifyRequest} request
   * @param {import('fastify').FastifyReply} reply
   * @param {object} spec
   */
  async function page (request, reply, spec) {
    const { tenant } = asked(request)
    await audit.read(request, 'records.read')
    return reply.type('application/json').send(await store.queryText(tenant, JSON.stringify(spec)))
  }

  app.get('/api/v1/telemetry/metrics', {
    schema: {
      tags: ['metrics'],
      summary: 'Metric records of a range of time (R1).',
      querystring: query({ name: FILTERS.name, user_id: FILTERS.user_id, ...SELECTION, ...PAGING }),
      response: { 200: PAGE, ...GUARDED }
    }
  }, (request, reply) => page(request, reply, { schema: METRIC, ...asked(request).query }))

  app.get('/api/v1/telemetry/metrics/aggregate', {
    schema: {
      tags: ['metrics'],
      summary: 'Figures over records: of metrics where `name` is given, else of events or `schema` (R1).',
      querystring: query({ ...FILTERS, ...FIGURES, ...SELECTION }),
      response: {
        200: json('Figures by start, then group.', {
          buckets: { type: 'array', items: { type: 'object', additionalProperties: true } },
          truncated: { type: 'boolean' }
        }),
        ...GUARDED
      }
    }
  }, async (request, reply) => {
    const { tenant, query: { aggregation, group_by: groupBy, ...rest } } = asked(request)
    const isMetric = rest.name !== undefined && rest.schema === undefined
    // A metric's number is its value.
    const implied = isMetric ? { schema: METRIC, field: '/value' } : {}
    const spec = {
      ...implied,
      ...rest,
      ...(aggregation === undefined ? {} : { aggregations: list(aggregation) }),
      ...(groupBy === undefined ? {} : { group_by: list(groupBy).map((key) => isMetric ? groupKey(key) : key) })
    }
    await audit.read(request, 'figures.read')
    return reply.type('application/json').send(await figures.aggregateText(tenant, spec))
  })

  app.get('/api/v1/telemetry/metrics/export', {
    schema: {
      tags: ['metrics'],
      summary: 'Records of a range of time as JSON, lines of it, CSV or Parquet; of metrics unless `schema` says otherwise (R1).',
      querystring: query({
        format: { type: 'string', enum: Object.keys(EXPORT_TYPES), default: 'json' },
        ...FILTERS,
        ...SELECTION,
        ...PAGING
      }),
      response: {
        200: {
          description: 'One page; `x-next-cursor` is there where another follows.',
          content: {
            'application/json': { schema: {} },
            'application/x-ndjson': { schema: { type: 'string' } },
            'text/csv': { schema: { type: 'string' } },
            'application/vnd.apache.parquet': { schema: { type: 'string', format: 'binary' } }
          }
        },
        ...GUARDED
      }
    }
  }, async (request, reply) => {
    const { tenant, query: { format, ...rest } } = asked(request)
    await audit.read(request, 'records.export')
    const spec = { schema: METRIC, ...rest }
    const { content, next } = format === 'parquet'
      ? await store.exportParquet(engine, tenant, spec)
      : await store.export(tenant, spec, format)
    if (next !== null) reply.header('x-next-cursor', next)
    return reply.type(/** @type {string} */ (EXPORT_TYPES[format]))
      .header('content-disposition', `attachment; filename="telemetry.${format}"`)
      .send(content)
  })

  app.get('/api/v1/telemetry/records', {
    schema: {
      tags: ['records'],
      summary: 'Records of a kind, by default events.',
      querystring: query({ ...FILTERS, ...SELECTION, ...PAGING }),
      response: { 200: PAGE, ...GUARDED }
    }
  }, (request, reply) => page(request, reply, asked(request).query))

  app.get('/api/v1/telemetry/records/counts', {
    schema: {
      tags: ['records'],
      summary: "What became of the tenant's records since the collector started.",
      response: {
        200: json('Counts.', {
          since: { type: 'string' },
          accepted: { type: 'integer' },
          rejected: { type: 'integer' },
          reasons: { type: 'object', additionalProperties: { type: 'integer' } },
          redactions: { type: 'object', additionalProperties: { type: 'integer' }, description: 'by rule' }
        }),
        ...GUARDED
      }
    }
  }, async (request) => counts.of(asked(request).tenant))

  app.get('/api/v1/telemetry/traces', {
    schema: {
      tags: ['traces'],
      summary: 'Traces of R2 and R3: what applications said of requests and decisions.',
      querystring: query({
        event: { type: 'string', description: 'event key' },
        user_id: FILTERS.user_id,
        request_id: FILTERS.request_id,
        ...SELECTION,
        ...PAGING
      }),
      response: { 200: PAGE, ...GUARDED }
    }
  }, (request, reply) => page(request, reply, { schema: TRACE, ...asked(request).query }))

  app.get('/api/v1/telemetry/traces/:trace_id', {
    schema: {
      tags: ['traces'],
      summary: 'Spans of a distributed trace, or, by `schema`, its logs or events.',
      params: { type: 'object', properties: { trace_id: { type: 'string', pattern: '^[0-9a-fA-F]{32}$' } } },
      querystring: query({ schema: FILTERS.schema, ...SELECTION, ...PAGING }),
      response: { 200: PAGE, ...GUARDED, 404: failure('Nothing of this trace is stored.') }
    }
  }, async (request, reply) => {
    const { trace_id: traceId } = /** @type {{ trace_id: string }} */ (request.params)
    const spec = { schema: 'telemetry_span_v1', ...asked(request).query, trace_id: traceId.toLowerCase() }
    await audit.read(request, 'records.read')
    const text = await store.queryText(asked(request).tenant, JSON.stringify(spec))
    if (!text.startsWith('{"records":[]')) return reply.type('application/json').send(text)
    throw Object.assign(new Error('nothing of this trace is stored'), { statusCode: 404, code: 'not_found' })
  })
}

module.exports = { asked, queryRoutes }
