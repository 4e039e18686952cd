'use strict'

const { jsonText, string } = require('./arguments.js')
const { failure } = require('./error.js')
const { toText } = require('./json.js')
const { native } = require('./native.js')

/** @type {(engine: unknown) => import('./native.js').NativeEngine} */
let nativeOf

class Engine {
  #native

  static {
    nativeOf = (engine) => {
      if (typeof engine === 'object' && engine !== null && #native in engine) return engine.#native
      throw failure('argument_invalid', '/engine', 'expected an Engine')
    }
  }

  /** @param {import('../index.d.ts').Config | string} [config] */
  constructor (config) {
    this.#native = new native.Engine(jsonText(config))
  }

  /**
   * @param {import('../index.d.ts').RecordInput} record
   * @param {import('../index.d.ts').Stamp | string} [stamp]
   * @returns {import('../index.d.ts').Outcome}
   */
  process (record, stamp) {
    return JSON.parse(this.processText(record, stamp))
  }

  /**
   * @param {import('../index.d.ts').RecordInput} record
   * @param {import('../index.d.ts').Stamp | string} [stamp]
   * @returns {string}
   */
  processText (record, stamp) {
    return this.#native.process(toText(record), stamp === undefined ? undefined : jsonText(stamp))
  }

  /**
   * @param {import('../index.d.ts').RecordInput} record
   * @returns {import('../index.d.ts').Outcome}
   */
  processNow (record) {
    return JSON.parse(this.#native.processNow(toText(record)))
  }

  /**
   * @param {import('../index.d.ts').RecordInput} record
   * @param {import('../index.d.ts').Stamp | string} [stamp]
   * @returns {import('../index.d.ts').Explanation}
   */
  explain (record, stamp) {
    return JSON.parse(this.explainText(record, stamp))
  }

  /**
   * @param {import('../index.d.ts').RecordInput} record
   * @param {import('../index.d.ts').Stamp | string} [stamp]
   * @returns {string}
   */
  explainText (record, stamp) {
    return this.#native.explain(toText(record), stamp === undefined ? undefined : jsonText(stamp))
  }

  /**
   * @param {string} text
   * @returns {import('../index.d.ts').ScrubbedText}
   */
  scrubText (text) {
    return JSON.parse(this.#native.scrubText(string('text', text)))
  }

  /**
   * @param {import('../index.d.ts').RecordInput} document
   * @returns {import('../index.d.ts').ScrubbedJson}
   */
  scrubJson (document) {
    return JSON.parse(this.#native.scrubJson(toText(document)))
  }
}

module.exports = { Engine, nativeOf: (/** @type {unknown} */ engine) => nativeOf(engine) }
