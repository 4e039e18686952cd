'use strict'

const fp = require('fastify-plugin')

/**
 * One shape for every failure: `{"error":{"code","message"}}`. Our own messages quote no value; those of others
 * are replaced by ours.
 */

/** @type {Record<string, { status: number, code: string, message: string }>} */
const KNOWN = {
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, code: 'body_too_large', message: 'the body is larger than a body may be' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415, code: 'media_type_unsupported', message: 'this route takes another content-type; see /docs'
  },
  FST_ERR_CTP_EMPTY_TYPE: { status: 415, code: 'media_type_unsupported', message: 'send a content-type' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { status: 400, code: 'json_invalid', message: 'the body is empty' },
  FST_ERR_CTP_INVALID_JSON_BODY: { status: 400, code: 'json_invalid', message: 'the body is not JSON' },
  FST_ERR_BAD_URL: { status: 400, code: 'bad_request', message: 'the path is not a valid URL' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400, code: 'body_unreadable', message: 'the body is not as long as content-length says'
  }
}

/** @type {Record<string, number>} */
const STATUS_OF_ENGINE_CODE = {
  argument_invalid: 400,
  batch_unreadable: 400,
  not_found: 404,
  closed: 503,
  store_unavailable: 503
}

/** @typedef {import('fastify').FastifyError & { path?: string }} Failure */

/** Names as ours are. Others are not repeated: they may be values that were meant for another place. */
const PLAIN_NAME = /^[a-z_]{1,40}$/
/** @type {Record<string, string>} */
const PLACES = { querystring: 'parameter', params: 'part of the path', headers: 'header', body: 'member of the body' }

/**
 * What is wrong with a request that is not as its route's schema says: where, and what would be right.
 *
 * @param {Failure} error
 * @param {import('fastify').FastifyRequest} [request]
 */
function complaint (error, request) {
  const context = error.validationContext ?? 'body'
  const place = PLACES[context] ?? context
  const [first] = error.validation ?? []
  const name = (first?.instancePath ?? '').slice(1)
  const at = name === '' ? `the ${context === 'body' ? 'body' : 'request'}` : `${place} ${name}`
  const params = /** @type {Record<string, any>} */ (first?.params ?? {})
  switch (first?.keyword) {
    case 'additionalProperties': {
      const unknown = PLAIN_NAME.test(params.additionalProperty) ? ` ${params.additionalProperty}` : ''
      const schema = /** @type {any} */ (request?.routeOptions.schema)?.[context]
      const known = Object.keys(schema?.properties ?? {})
      return `no ${place}${unknown} is known here${known.length > 0 ? `; there are ${known.join(', ')}` : ''}`
    }
    case 'required':
      return `${at} needs the ${place} ${params.missingProperty}`
    case 'enum':
      return `${at} must be one of ${params.allowedValues.join(', ')}`
    default:
      return `${at} ${first?.message ?? 'is not as the route expects'}`
  }
}

/**
 * What a caller is told of an error.
 *
 * @param {Failure} error
 * @param {import('fastify').FastifyRequest} [request] that failed
 */
function answer (error, request) {
  const known = KNOWN[error.code]
  if (known !== undefined) return known
  const { code, message } = error
  if (error.validation) return { status: 400, code: 'argument_invalid', message: complaint(error, request) }
  // The engine's errors say their place; Fastify's own have a status and a message without values.
  const status = STATUS_OF_ENGINE_CODE[code] ?? (error.path === undefined ? error.statusCode : undefined) ?? 500
  if (status >= 500 && status !== 503) return { status, code: 'internal', message: 'the collector failed; see its log' }
  return { status, code: code ?? 'bad_request', message }
}

/**
 * @param {Failure} error
 * @param {import('fastify').FastifyRequest} request
 * @param {number} status
 */
function logFailure (error, request, status) {
  if (status >= 500) request.log.error({ code: error.code, stack: error.stack }, 'request failed')
}

/**
 * @param {Failure} error
 * @param {import('fastify').FastifyRequest} request
 * @param {import('fastify').FastifyReply} reply
 */
function answerError (error, request, reply) {
  const { status, code, message } = answer(error, request)
  logFailure(error, request, status)
  return reply.code(status).type('application/json').send({ error: { code, message } })
}

/** @param {import('fastify').FastifyInstance} app */
async function errorShape (app) {
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: { code: 'not_found', message: 'no such route' } }))
}

module.exports = { answer, answerError, errors: fp(errorShape, { name: 'errors' }), logFailure }
