'use strict'

/** What measures: OpenTelemetry's instruments. The engine adds up by name and attributes. */

const { performance } = require('node:perf_hooks')

/** @typedef {(type: string, name: string, value: number, options: any, attributes?: object) => boolean} Add */

class Instrument {
  #add
  #type
  #name
  #options

  /**
   * @param {Add} add
   * @param {string} type
   * @param {string} name
   * @param {import('../index.d.ts').InstrumentOptions} [options]
   */
  constructor (add, type, name, options) {
    this.#add = add
    this.#type = type
    this.#name = name
    this.#options = options
  }

  /**
   * @param {number} value
   * @param {import('../index.d.ts').MetricAttributes} [attributes]
   * @returns {boolean}
   */
  measure (value, attributes) {
    return this.#add(this.#type, this.#name, value, this.#options, attributes)
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

module.exports = { Counter, Recorder, Timer }
