'use strict'

/** Units of work with a begin and an end, which become records of the kind `telemetry_span_v1`. */

const { performance } = require('node:perf_hooks')
const { current, extended, run, within } = require('./context.js')
const { native } = require('./native.js')

/** OpenTelemetry's limits: what a loop adds to one span is bounded. */
const MAX_ATTRIBUTES = 128
const MAX_EVENTS = 128
/** A longer stack is left out whole: cut, it could end in half a secret, which no detector knows. */
const MAX_STACK_CHARACTERS = 16_384

/** All spans below one root tell the time by it, so that none begins before its parent, whatever the clock does. */
class Clock {
  #wall = Date.now()
  #mono = performance.now()

  /** Nanoseconds since 1970 in decimal digits, by microseconds. */
  now () {
    return `${Math.round((this.#wall + performance.now() - this.#mono) * 1000)}000`
  }
}

class Span {
  /** @type {((record: object) => void) | undefined} */
  #track
  #scope
  /** @type {Clock} */
  #clock
  /** @type {{ [name: string]: any }} */
  #record = {}
  #attributes = new Bounded()
  /** @type {object[]} */
  #events = []
  #droppedEvents = 0
  /** W3C's header of this span; of its parent, or empty, where nothing is recorded. */
  traceparent

  /**
   * @param {string} name
   * @param {import('../index.d.ts').SpanOptions} options
   * @param {((record: object) => void) | undefined} track what becomes of the record; nothing where nothing is recorded
   */
  constructor (name, options, track) {
    const scope = options.traceparent === undefined ? current() : extended({ traceparent: options.traceparent })
    this.#scope = scope
    this.#track = track
    this.#clock = scope.span === undefined ? new Clock() : scope.span.#clock
    this.traceparent = track ? native.newTraceparent(scope.traceparent) : scope.traceparent
    if (track === undefined) return
    this.#record = {
      schema: 'telemetry_span_v1',
      context: { trace_id: this.traceId, span_id: this.spanId },
      trace_id: this.traceId,
      span_id: this.spanId,
      parent_span_id: scope.traceparent ? scope.traceparent.slice(36, 52) : undefined,
      flags: Number.parseInt(this.traceparent.slice(53, 55), 16),
      name: String(name),
      kind: options.kind ?? 'internal',
      start_time_unix_nano: this.#clock.now()
    }
    this.setAttributes(options.attributes ?? {})
  }

  /** @returns {boolean} */
  get isRecording () {
    return this.#track !== undefined
  }

  /** @returns {string} */
  get traceId () {
    return this.traceparent.slice(3, 35)
  }

  /** @returns {string} */
  get spanId () {
    return this.traceparent.slice(36, 52)
  }

  /** @param {string} name */
  updateName (name) {
    this.#record.name = String(name)
    return this
  }

  /**
   * @param {string} name
   * @param {unknown} value
   */
  setAttribute (name, value) {
    if (this.#track) this.#attributes.set(name, value)
    return this
  }

  /** @param {{ [name: string]: unknown }} attributes */
  setAttributes (attributes) {
    for (const name of Object.keys(attributes)) this.setAttribute(name, attributes[name])
    return this
  }

  /**
   * @param {string} name
   * @param {{ [name: string]: unknown }} [attributes]
   */
  addEvent (name, attributes) {
    if (this.#track === undefined) return this
    if (this.#events.length < MAX_EVENTS) {
      this.#events.push({ time_unix_nano: this.#clock.now(), name: String(name), attributes })
    } else {
      this.#droppedEvents++
    }
    return this
  }

  /**
   * @param {'unset' | 'ok' | 'error'} code
   * @param {string} [message]
   */
  setStatus (code, message) {
    this.#record.status = { code, message }
    return this
  }

  /** @param {unknown} error */
  recordException (error) {
    if (this.#track === undefined) return this
    const { name, message, stack } = /** @type {Partial<Error>} */ (Object(error))
    return this.addEvent('exception', {
      'exception.type': name ?? typeof error,
      'exception.message': message ?? String(error),
      'exception.stacktrace': stack && stack.length <= MAX_STACK_CHARACTERS ? stack : undefined
    })
  }

  end () {
    const track = this.#track
    if (track === undefined) return
    this.#track = undefined
    const record = this.#record
    record.end_time_unix_nano = this.#clock.now()
    record.attributes = this.#attributes.members
    record.dropped_attributes_count = this.#attributes.dropped || undefined
    if (this.#events.length > 0) record.events = this.#events
    record.dropped_events_count = this.#droppedEvents || undefined
    // In the context in which it began, whatever runs now.
    run(this.#scope, () => track(record))
  }

  [Symbol.dispose] () {
    this.end()
  }

  /**
   * Runs a function in this span.
   *
   * @template T
   * @param {() => T} fn
   * @returns {T}
   */
  run (fn) {
    return run(within(this.#scope, this), fn)
  }

  /**
   * Runs a function in this span and ends it with the function, or with the promise that it returns.
   *
   * @template T
   * @param {(span: Span) => T} fn
   * @returns {T}
   */
  whole (fn) {
    let result
    try {
      result = this.run(() => fn(this))
    } catch (error) {
      this.#fail(error)
      throw error
    }
    if (!isThenable(result)) {
      this.end()
      return result
    }
    return /** @type {any} */ (result.then(
      (/** @type {unknown} */ value) => { this.end(); return value },
      (/** @type {unknown} */ error) => { this.#fail(error); throw error }
    ))
  }

  /** @param {unknown} error */
  #fail (error) {
    try {
      this.recordException(error).setStatus('error')
    } catch {
      // An error whose getters throw; the host gets it, not ours.
      this.setStatus('error')
    }
    this.end()
  }
}

/** Members up to a number; the last value of a name counts. */
class Bounded {
  /** @type {{ [name: string]: unknown }} */
  members = Object.create(null)
  dropped = 0
  #count = 0

  /**
   * @param {string} name
   * @param {unknown} value
   */
  set (name, value) {
    if (!(name in this.members)) {
      if (this.#count === MAX_ATTRIBUTES) return this.dropped++
      this.#count++
    }
    this.members[name] = value
  }
}

/**
 * @param {any} value
 * @returns {value is PromiseLike<unknown>}
 */
function isThenable (value) {
  return typeof value === 'object' && value !== null && typeof value.then === 'function'
}

module.exports = { Span }
