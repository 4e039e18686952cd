'use strict'

const { jsonText, string } = require('./arguments.js')
const { nativeOf } = require('./engine.js')
const { failure } = require('./error.js')
const { native } = require('./native.js')

/** What the storage raises where it cannot keep or find records; recorders of best-effort traces swallow it. */
class TelemetryStorageException extends Error {
  /** @param {import('../index.d.ts').ScrubjayError} cause */
  constructor (cause) {
    super(cause.message, { cause })
    this.name = 'TelemetryStorageException'
    this.code = cause.code
    this.path = cause.path
  }
}

/**
 * An error of the engine as its caller is to see it.
 *
 * @param {unknown} error
 * @returns {unknown}
 */
function raised (error) {
  const failed = /** @type {import('../index.d.ts').ScrubjayError} */ (error)
  const isStorage = failed?.code === 'store_unavailable' || failed?.code === 'store_version'
  return isStorage ? new TelemetryStorageException(failed) : error
}

/**
 * @template T
 * @param {Promise<T>} answer
 * @returns {Promise<T>}
 */
async function told (answer) {
  try {
    return await answer
  } catch (error) {
    throw raised(error)
  }
}

/**
 * @param {Promise<string>} answer
 * @returns {Promise<any>}
 */
async function parsed (answer) {
  return JSON.parse(await told(answer))
}

class Store {
  #native

  /** @param {import('./native.js').NativeStore} opened */
  constructor (opened) {
    this.#native = opened
  }

  /**
   * @param {string} folder
   * @param {import('../index.d.ts').StoreOptions | string} [options]
   * @returns {Store}
   */
  static open (folder, options) {
    try {
      return new Store(native.Store.open(string('folder', folder), jsonText(options)))
    } catch (error) {
      throw raised(error)
    }
  }

  /**
   * @param {string} folder
   * @param {{ from?: string | null, to?: string | null }} keys
   * @returns {Promise<{ files: number }>}
   */
  static convert (folder, keys) {
    return parsed(native.Store.convert(string('folder', folder), jsonText(keys)))
  }

  /**
   * @param {import('../index.d.ts').Engine} engine
   * @param {string} tenant
   * @param {import('../index.d.ts').BodyFormat} format
   * @param {string | Uint8Array} body
   * @param {import('../index.d.ts').IngestOptions | string} [options]
   * @returns {Promise<import('../index.d.ts').Verdict>}
   */
  async ingest (engine, tenant, format, body, options) {
    return JSON.parse(await this.ingestText(engine, tenant, format, body, options))
  }

  /**
   * @param {import('../index.d.ts').Engine} engine
   * @param {string} tenant
   * @param {import('../index.d.ts').BodyFormat} format
   * @param {string | Uint8Array} body
   * @param {import('../index.d.ts').IngestOptions | string} [options]
   * @returns {Promise<string>}
   */
  async ingestText (engine, tenant, format, body, options) {
    const bytes = body instanceof Uint8Array ? body : Buffer.from(string('body', body))
    return told(this.#native.ingest(
      nativeOf(engine), string('tenant', tenant), string('format', format), bytes, jsonText(options)))
  }

  /** @returns {Promise<void>} */
  async settle () {
    await told(this.#native.settle())
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
    return told(this.#native.query(string('tenant', tenant), jsonText(spec)))
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
    return told(this.#native.aggregate(string('tenant', tenant), jsonText(spec)))
  }

  /**
   * @param {string} tenant
   * @param {import('../index.d.ts').QuerySpec | string | undefined} spec
   * @param {import('../index.d.ts').ExportFormat} format
   * @returns {Promise<import('../index.d.ts').ExportPage>}
   */
  async export (tenant, spec, format) {
    return parsed(this.#native.export(string('tenant', tenant), jsonText(spec), string('format', format)))
  }

  /**
   * @param {import('../index.d.ts').Engine} engine
   * @param {string} tenant
   * @param {import('../index.d.ts').QuerySpec | string} [spec]
   * @returns {Promise<import('../index.d.ts').ParquetPage>}
   */
  async exportParquet (engine, tenant, spec) {
    const { content, records, next = null } =
      await told(this.#native.exportParquet(nativeOf(engine), string('tenant', tenant), jsonText(spec)))
    return { content, records, next }
  }

  /**
   * @param {import('../index.d.ts').Engine} engine
   * @param {string} tenant
   * @param {import('../index.d.ts').QuerySpec | string} [spec]
   * @returns {Promise<import('../index.d.ts').Report>}
   */
  async report (engine, tenant, spec) {
    return parsed(this.#native.report(nativeOf(engine), string('tenant', tenant), jsonText(spec)))
  }

  /**
   * @param {import('../index.d.ts').Engine} engine
   * @param {string} tenant
   * @param {string} userId
   * @param {import('../index.d.ts').DeletionWord | string} [word]
   * @returns {Promise<import('../index.d.ts').Deletion>}
   */
  async deleteUser (engine, tenant, userId, word) {
    return parsed(this.#native.deleteUser(
      nativeOf(engine), string('tenant', tenant), string('userId', userId), jsonText(word)))
  }

  /**
   * @param {import('../index.d.ts').Engine} engine
   * @param {string} tenant
   * @param {string} userId
   * @param {import('../index.d.ts').UserDataSpec | string} [spec]
   * @returns {Promise<import('../index.d.ts').Page>}
   */
  async userData (engine, tenant, userId, spec) {
    return JSON.parse(await this.userDataText(engine, tenant, userId, spec))
  }

  /**
   * @param {import('../index.d.ts').Engine} engine
   * @param {string} tenant
   * @param {string} userId
   * @param {import('../index.d.ts').UserDataSpec | string} [spec]
   * @returns {Promise<string>}
   */
  async userDataText (engine, tenant, userId, spec) {
    return told(this.#native.userData(
      nativeOf(engine), string('tenant', tenant), string('userId', userId), jsonText(spec)))
  }

  /**
   * @param {string} tenant
   * @param {import('../index.d.ts').ListSpec | string} [spec]
   * @returns {Promise<{ deletions: import('../index.d.ts').Deletion[], next: string | null }>}
   */
  async deletions (tenant, spec) {
    return parsed(this.#native.deletions(string('tenant', tenant), jsonText(spec)))
  }

  /**
   * @param {import('../index.d.ts').Engine} engine
   * @param {string} tenant
   * @param {import('../index.d.ts').ConsentUpdate | string} update
   * @returns {Promise<import('../index.d.ts').ConsentState>}
   */
  async consentUpdate (engine, tenant, update) {
    return parsed(this.#native.consentUpdate(nativeOf(engine), string('tenant', tenant), jsonText(update)))
  }

  /**
   * @param {import('../index.d.ts').Engine} engine
   * @param {string} tenant
   * @param {string} userId
   * @returns {Promise<import('../index.d.ts').ConsentState>}
   */
  async consentStatus (engine, tenant, userId) {
    return parsed(this.#native.consentStatus(nativeOf(engine), string('tenant', tenant), string('userId', userId)))
  }

  /**
   * @param {string} tenant
   * @param {import('../index.d.ts').AuditInput | string} entry
   * @returns {Promise<{ seq: number }>}
   */
  async auditAppend (tenant, entry) {
    return parsed(this.#native.auditAppend(string('tenant', tenant), jsonText(entry)))
  }

  /**
   * @param {string} tenant
   * @param {import('../index.d.ts').ListSpec | string} [spec]
   * @returns {Promise<{ entries: import('../index.d.ts').AuditEntry[], next: string | null }>}
   */
  async audit (tenant, spec) {
    return parsed(this.#native.audit(string('tenant', tenant), jsonText(spec)))
  }

  /** @returns {Promise<import('../index.d.ts').TrailState>} */
  async auditVerify () {
    return parsed(this.#native.auditVerify())
  }

  /**
   * @param {string} tenant
   * @param {import('../index.d.ts').ApiKeyInput | string} wanted
   * @returns {Promise<{ id: string, key: string }>}
   */
  async apiKeyAdd (tenant, wanted) {
    return parsed(this.#native.apiKeyAdd(string('tenant', tenant), jsonText(wanted)))
  }

  /**
   * @param {string} key
   * @returns {Promise<import('../index.d.ts').ApiKey | null>}
   */
  async apiKeyFind (key) {
    return parsed(this.#native.apiKeyFind(string('key', key)))
  }

  /**
   * @param {string} tenant
   * @param {string} id
   * @returns {Promise<{ revoked: boolean }>}
   */
  async apiKeyRevoke (tenant, id) {
    return parsed(this.#native.apiKeyRevoke(string('tenant', tenant), string('id', id)))
  }

  /**
   * @param {string} tenant
   * @returns {Promise<import('../index.d.ts').ApiKey[]>}
   */
  async apiKeys (tenant) {
    return parsed(this.#native.apiKeys(string('tenant', tenant)))
  }

  /**
   * @param {Date | string} [now]
   * @returns {Promise<{ days: number, records: number }>}
   */
  async retain (now) {
    if (now instanceof Date && Number.isNaN(now.getTime())) {
      throw failure('argument_invalid', '/now', 'expected a valid date')
    }
    const moment = now instanceof Date ? now.toISOString() : now
    return parsed(this.#native.retain(moment === undefined ? undefined : string('now', moment)))
  }

  /** @returns {Promise<void>} */
  async vacuum () {
    await told(this.#native.vacuum())
  }

  /**
   * @param {string} folder
   * @returns {Promise<void>}
   */
  async backup (folder) {
    await told(this.#native.backup(string('folder', folder)))
  }

  /**
   * @param {string} folder
   * @returns {Promise<import('../index.d.ts').AppliedDeletions>}
   */
  async applyDeletions (folder) {
    return parsed(this.#native.applyDeletions(string('folder', folder)))
  }

  /** @returns {Promise<import('../index.d.ts').StoreCheck>} */
  async check () {
    return parsed(this.#native.check())
  }

  /** @returns {Promise<import('../index.d.ts').StoreStats>} */
  async stats () {
    return parsed(this.#native.stats())
  }

  /** @returns {void} */
  close () {
    this.#native.close()
  }
}

module.exports = { Store, TelemetryStorageException }
