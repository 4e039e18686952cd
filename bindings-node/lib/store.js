'use strict'

const { jsonText, string } = require('./arguments.js')
const { nativeOf } = require('./engine.js')
const { native } = require('./native.js')

class Store {
  #native

  /** @param {import('./native.js').NativeStore} opened */
  constructor (opened) {
    this.#native = opened
  }

  /**
   * @param {string} folder
   * @returns {Store}
   */
  static open (folder) {
    return new Store(native.Store.open(string('folder', folder)))
  }

  /**
   * @param {import('../index.d.ts').Engine} engine
   * @param {string} tenant
   * @param {import('../index.d.ts').BodyFormat} format
   * @param {string | Uint8Array} body
   * @returns {Promise<import('../index.d.ts').Verdict>}
   */
  async ingest (engine, tenant, format, body) {
    return JSON.parse(await this.ingestText(engine, tenant, format, body))
  }

  /**
   * @param {import('../index.d.ts').Engine} engine
   * @param {string} tenant
   * @param {import('../index.d.ts').BodyFormat} format
   * @param {string | Uint8Array} body
   * @returns {Promise<string>}
   */
  async ingestText (engine, tenant, format, body) {
    const bytes = body instanceof Uint8Array ? body : Buffer.from(string('body', body))
    return this.#native.ingest(nativeOf(engine), string('tenant', tenant), string('format', format), bytes)
  }

  /**
   * @param {string} tenant
   * @param {import('../index.d.ts').QuerySpec | string} [spec]
   * @returns {Promise<import('../index.d.ts').Page>}
   */
  async query (tenant, spec) {
    return JSON.parse(await this.queryText(tenant, spec))
  }

  /**
   * @param {string} tenant
   * @param {import('../index.d.ts').QuerySpec | string} [spec]
   * @returns {Promise<string>}
   */
  async queryText (tenant, spec) {
    return this.#native.query(string('tenant', tenant), jsonText(spec))
  }

  /**
   * @param {string} tenant
   * @param {import('../index.d.ts').AggregateSpec | string} [spec]
   * @returns {Promise<import('../index.d.ts').Buckets>}
   */
  async aggregate (tenant, spec) {
    return JSON.parse(await this.aggregateText(tenant, spec))
  }

  /**
   * @param {string} tenant
   * @param {import('../index.d.ts').AggregateSpec | string} [spec]
   * @returns {Promise<string>}
   */
  async aggregateText (tenant, spec) {
    return this.#native.aggregate(string('tenant', tenant), jsonText(spec))
  }

  /** @returns {Promise<import('../index.d.ts').StoreStats>} */
  async stats () {
    return JSON.parse(await this.#native.stats())
  }

  /** @returns {void} */
  close () {
    this.#native.close()
  }
}

module.exports = { Store }
