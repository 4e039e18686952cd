'use strict'

/**
 * What records are made in: the request, the user, the span. Follows a request through callbacks and promises.
 *
 * Nothing of this costs anything before the first context there is.
 */

const { AsyncLocalStorage } = require('node:async_hooks')
const { native } = require('./native.js')

/** Members of a record's `context` that a host may set. */
const CONTEXT_FIELDS = /** @type {const} */ (['request_id', 'route_name', 'ip_address', 'user_agent'])
/** Members of the record itself. */
const RECORD_FIELDS = /** @type {const} */ (['tenant_id', 'user_id', 'session_id'])

/**
 * @typedef {object} Scope
 * @property {{ [name: string]: unknown }} members of each record
 * @property {{ [name: string]: unknown }} context of each record; a getter is asked when a record is made
 * @property {InstanceType<typeof import('./span.js').Span> | undefined} span
 * @property {string} traceparent of the span, or of the caller's; empty without
 */

/** @type {AsyncLocalStorage<Scope>} */
const storage = new AsyncLocalStorage()
/** Whether there ever was a context: asking the storage costs a fifth of what a record does. */
const contexts = { isUsed: false }
/** @type {Scope} */
const NOWHERE = { members: {}, context: {}, span: undefined, traceparent: '' }

/** @returns {Scope} */
function current () {
  return contexts.isUsed ? storage.getStore() ?? NOWHERE : NOWHERE
}

/**
 * @template T
 * @param {Scope} scope
 * @param {() => T} fn
 * @returns {T}
 */
function run (scope, fn) {
  contexts.isUsed = true
  return storage.run(scope, fn)
}

/**
 * The present context with further fields.
 *
 * @param {import('../index.d.ts').RequestContext} fields
 * @returns {Scope}
 */
function extended (fields) {
  const { members, context, span, traceparent } = current()
  const scope = { members: { ...members }, context: { ...context }, span, traceparent }
  for (const name of RECORD_FIELDS) if (fields[name] !== undefined) scope.members[name] = fields[name]
  // A getter stays one: the route of a request is not known when the request begins.
  for (const name of CONTEXT_FIELDS) {
    const property = Object.getOwnPropertyDescriptor(fields, name)
    if (property) Object.defineProperty(scope.context, name, { ...property, enumerable: true, configurable: true })
  }
  return fields.traceparent === undefined ? scope : continued(scope, fields.traceparent)
}

/**
 * A context in the caller's trace. A header that is none leaves it as it is.
 *
 * @param {Scope} scope
 * @param {unknown} traceparent
 * @returns {Scope}
 */
function continued (scope, traceparent) {
  const place = readTraceparent(traceparent)
  if (place === null) return scope
  const context = withIds(scope.context, place.trace_id, place.span_id)
  return { members: scope.members, context, span: undefined, traceparent: String(traceparent) }
}

/**
 * @param {Scope} scope
 * @param {InstanceType<typeof import('./span.js').Span>} span
 * @returns {Scope}
 */
function within (scope, span) {
  const context = span.isRecording ? withIds(scope.context, span.traceId, span.spanId) : scope.context
  return { members: scope.members, context, span, traceparent: span.traceparent }
}

/**
 * @param {object} context
 * @param {string} traceId
 * @param {string} spanId
 */
function withIds (context, traceId, spanId) {
  const ids = { trace_id: { value: traceId, enumerable: true }, span_id: { value: spanId, enumerable: true } }
  return Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(context), ...ids })
}

/**
 * @template T
 * @param {import('../index.d.ts').RequestContext} fields
 * @param {() => T} fn
 * @returns {T}
 */
function withContext (fields, fn) {
  return run(extended(fields ?? {}), fn)
}

/** @returns {import('../index.d.ts').Span | undefined} */
function currentSpan () {
  return current().span
}

/** @returns {string | undefined} */
function currentTraceparent () {
  return current().traceparent || undefined
}

/**
 * @param {unknown} header
 * @returns {import('../index.d.ts').SpanContext | null}
 */
function readTraceparent (header) {
  return typeof header === 'string' ? JSON.parse(native.readTraceparent(header)) : null
}

/**
 * A record with what is known of where it was made. What it says itself stays. Text and bytes are taken as they are.
 *
 * @param {any} record
 * @returns {any}
 */
function enriched (record) {
  const scope = storage.getStore()
  if (scope === undefined || typeof record !== 'object' || record === null) return record
  if (Array.isArray(record) || record instanceof Uint8Array) return record
  try {
    const own = typeof record.toJSON === 'function' ? record.toJSON('') : record
    const { context } = own
    if (context !== undefined && (typeof context !== 'object' || context === null)) return own
    return { ...scope.members, ...own, context: { ...scope.context, ...context } }
  } catch {
    // Unreadable, and counted as that.
    return record
  }
}

module.exports = {
  contexts, current, currentSpan, currentTraceparent, enriched, extended, readTraceparent, run, withContext, within
}
