'use strict'

/** Parts of routes' schemas: what requests have in common, and the answers that any of them may get. */

const failure = (/** @type {string} */ description) =>
  ({ description, content: { 'application/json': { schema: { $ref: 'Failure#' } } } })

/** Whatever a caller without the right credentials, or too many of them, may get. */
const GUARDED = {
  400: failure('The request is malformed.'),
  401: failure('No valid credentials.'),
  403: failure('The credentials lack a role.'),
  429: failure('Too many requests a minute.'),
  503: failure('Overloaded, closing, or the store does not answer: send it again.')
}

/** What a route that reads bodies may say beside. */
const BODIES = {
  413: failure('The body is too large, inflated.'),
  415: failure('Another content-type or content-encoding.')
}

/**
 * An answer in JSON.
 *
 * @param {string} description
 * @param {object} [properties]
 */
function json (description, properties = {}) {
  return {
    description,
    content: { 'application/json': { schema: { type: 'object', additionalProperties: true, properties } } }
  }
}

const SELECTION = {
  start_time: { type: 'string', description: 'RFC 3339, included; default: 24 hours before end_time' },
  end_time: { type: 'string', description: 'RFC 3339, not included; default: now' },
  consistency: { type: 'string', description: '`now` waits for everything that was accepted before' }
}

const PAGING = {
  limit: { type: 'integer', minimum: 1, maximum: 1_000, description: 'records of a page; default 100' },
  cursor: { type: 'string', description: '`next` of the page before' }
}

/** Of lists that are appended to. */
const ORDER = { order: { type: 'string', enum: ['asc', 'desc'], description: 'oldest first, the default, or newest' } }

/**
 * A query without further names: a misspelt parameter is an error, not a wider question.
 *
 * @param {object} properties
 * @param {string[]} [required]
 */
function query (properties, required = []) {
  return { type: 'object', additionalProperties: false, properties, ...(required.length > 0 ? { required } : {}) }
}

module.exports = { BODIES, GUARDED, ORDER, PAGING, SELECTION, failure, json, query }
