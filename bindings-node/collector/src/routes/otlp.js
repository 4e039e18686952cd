'use strict'

const { otlpAnswer, otlpRecords, otlpRefusal } = require('scrubjay/receive')
const { answer, logFailure } = require('../plugins/errors.js')
const { brought, receiving } = require('./events.js')

/**
 * OTLP's receiver: logs, metrics and traces of any OpenTelemetry SDK, in both encodings. Answers, refusals included,
 * are in the encoding of the request, as the protocol asks.
 *
 * @typedef {import('scrubjay/receive').OtlpSignal} OtlpSignal
 * @typedef {import('scrubjay/receive').OtlpEncoding} OtlpEncoding
 */

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'
/** Bytes, inflated. The protocol recommends 64 MiB; a tree of what was read takes several times as much here. */
const MAX_OTLP_BYTES = 16 << 20
/** @type {OtlpSignal[]} */
const SIGNALS = ['logs', 'metrics', 'traces']

/**
 * @param {import('fastify').FastifyRequest} request
 * @returns {OtlpEncoding}
 */
function encodingOf (request) {
  return request.headers['content-type']?.startsWith(PROTOBUF) ? 'protobuf' : 'json'
}

/** @param {OtlpEncoding} encoding */
function typeOf (encoding) {
  return encoding === 'protobuf' ? PROTOBUF : JSON_TYPE
}

const STATUS = {
  type: 'object', properties: { code: { type: 'integer' }, message: { type: 'string' } }
}
/** How a verdict begins that refuses nothing. */
const NOTHING = /^\{"accepted":\d+,"rejected":0,"dropped":0,"opted_out":0,"refused":0,/
const BINARY = { type: 'string', format: 'binary' }

/** @param {string} description */
function refusal (description) {
  return { description, content: { [JSON_TYPE]: { schema: STATUS }, [PROTOBUF]: { schema: BINARY } } }
}

/** @param {OtlpSignal} signal */
function schemaOf (signal) {
  const request = { type: 'object', additionalProperties: true, description: `Export${signal}ServiceRequest of OTLP` }
  const response = { type: 'object', properties: { partialSuccess: { type: 'object', additionalProperties: true } } }
  return {
    tags: ['otlp'],
    summary: `Takes ${signal} of any OpenTelemetry SDK.`,
    body: { content: { [PROTOBUF]: { schema: BINARY }, [JSON_TYPE]: { schema: request } } },
    response: {
      200: {
        description: 'On disk; with `partialSuccess` where some items were rejected.',
        content: { [JSON_TYPE]: { schema: response }, [PROTOBUF]: { schema: BINARY } }
      },
      400: refusal('No such request.'),
      401: refusal('No valid credentials.'),
      403: refusal('The credentials lack a role.'),
      413: refusal('The body is too large, inflated.'),
      415: refusal('Another content-type or content-encoding.'),
      429: refusal('Too many requests a minute.'),
      503: refusal('Overloaded: send it again.')
    }
  }
}

/**
 * @param {import('fastify').FastifyInstance} scope
 * @param {import('./events.js').Dependencies} dependencies
 */
async function otlpRoutes (scope, dependencies) {
  receiving(scope, dependencies, { contentTypes: [PROTOBUF, JSON_TYPE], limit: MAX_OTLP_BYTES })

  scope.setErrorHandler((/** @type {import('../plugins/errors.js').Failure} */ error, request, reply) => {
    const { status, message } = answer(error)
    logFailure(error, request, status)
    const encoding = encodingOf(request)
    return reply.code(status).type(typeOf(encoding)).send(otlpRefusal(encoding, status, message))
  })

  for (const signal of SIGNALS) {
    scope.post(`/v1/${signal}`, { schema: schemaOf(signal) }, async (request, reply) => {
      const { tenant, body } = brought(request)
      const encoding = encodingOf(request)
      const { bodies, rejected, reason } = await otlpRecords(signal, encoding, body)
      const verdicts = await Promise.all(bodies.map((part) => dependencies.ingestion.take(tenant, 'ndjson', part)))
      const refused = refusals(verdicts)
      const answered = otlpAnswer(signal, encoding, rejected + refused.count, reason || refused.reason)
      return reply.type(typeOf(encoding)).send(answered)
    })
  }
}

/**
 * How many records verdicts refuse, and why the first of them. What a user opted out of is among them: OTLP has no other
 * word for what is not kept.
 *
 * @param {string[]} verdicts
 */
function refusals (verdicts) {
  let count = 0
  let reason = ''
  for (const text of verdicts) {
    if (NOTHING.test(text)) continue
    const { rejected, dropped, opted_out: optedOut, refused: erased, results } = JSON.parse(text)
    count += rejected + dropped + optedOut + erased
    const [violation] = results.find((/** @type {any} */ { status }) => status !== 'accepted')?.violations ?? []
    if (violation !== undefined) reason ||= `${violation.path}: ${violation.message}`
    else if (optedOut > 0) reason ||= 'the user opted out'
    else reason ||= 'the user was deleted'
  }
  return { count, reason: reason || 'rejected' }
}

module.exports = { otlpRoutes }
