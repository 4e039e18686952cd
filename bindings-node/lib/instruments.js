'use strict'

/** What measures: OpenTelemetry's instruments. The engine adds up by name and attributes. */

const { performance } = require('node:perf_hooks')

const { string } = require('./arguments.js')

/** @typedef {Omit<import('../index.d.ts').Measurement, 'value' | 'attributes'>} Identity */

class Instrument {
  #meter
  #identity

  /**
   * @param {Meter} meter
   * @param {Identity} identity
   */
  constructor (meter, { name, ...identity }) {
    this.#meter = meter
    this.#identity = { name: string('name', name), ...identity }
  }

  /**
   * Never throws: measuring is no reason to fail.
   *
   * @param {number} value
   * @param {import('../index.d.ts').MetricAttributes} [attributes]
   * @returns {boolean}
   */
  measure (value, attributes) {
    try {
      return this.#meter.measure({ ...this.#identity, value, attributes })
    } catch {
      return false
    }
  }
}

class Counter extends Instrument {
  /**
   * @param {number} [value]
   * @param {import('../index.d.ts').MetricAttributes} [attributes]
   */
  add (value = 1, attributes) {
    return this.measure(value, attributes)
  }
}

class Recorder extends Instrument {
  /**
   * @param {number} value
   * @param {import('../index.d.ts').MetricAttributes} [attributes]
   */
  record (value, attributes) {
    return this.measure(value, attributes)
  }
}

class Timer {
  #start = performance.now()
  #histogram
  #attributes
  #isStopped = false

  /**
   * @param {Recorder} histogram
   * @param {import('../index.d.ts').MetricAttributes} [attributes]
   */
  constructor (histogram, attributes) {
    this.#histogram = histogram
    this.#attributes = attributes
  }

  /** @returns {number} */
  stop () {
    const milliseconds = performance.now() - this.#start
    if (!this.#isStopped) this.#histogram.record(milliseconds, this.#attributes)
    this.#isStopped = true
    return milliseconds
  }

  [Symbol.dispose] () {
    this.stop()
  }
}

/**
 * Makes instruments of whatever takes measurements.
 *
 * @typedef {import('../index.d.ts').InstrumentOptions} Options
 */
class Meter {
  /**
   * @param {import('../index.d.ts').Measurement} _
   * @returns {boolean}
   */
  measure (_) {
    return false
  }

  /**
   * @param {string} name
   * @param {Options} [options]
   */
  counter (name, options) {
    return new Counter(this, { ...options, name, type: 'counter' })
  }

  /**
   * @param {string} name
   * @param {Options} [options]
   */
  upDownCounter (name, options) {
    return new Counter(this, { ...options, name, type: 'updowncounter' })
  }

  /**
   * @param {string} name
   * @param {Options} [options]
   */
  gauge (name, options) {
    return new Recorder(this, { ...options, name, type: 'gauge' })
  }

  /**
   * @param {string} name
   * @param {Options} [options]
   */
  histogram (name, options) {
    return new Recorder(this, { ...options, name, type: 'histogram' })
  }

  /**
   * @param {string} name
   * @param {import('../index.d.ts').MetricAttributes} [attributes]
   */
  timer (name, attributes) {
    return new Timer(this.histogram(name, { unit: 'ms' }), attributes)
  }
}

module.exports = { Meter }
