'use strict'

/**
 * Finds and loads the compiled engine: the file `SCRUBJAY_NATIVE` names, else the one beside this package, else
 * the package of this platform.
 */

const { existsSync } = require('node:fs')
const { join, resolve } = require('node:path')
const { failure } = require('./error.js')
const { platformName } = require('./platform.js')

/**
 * The addon's own interface: text and bytes in, text out. Errors carry `code` and `path`.
 *
 * @typedef {string | Uint8Array} Text
 * @typedef {object} NativeEngine
 * @property {(record: Text, stamp?: string) => string} process
 * @property {(record: Text) => string} processNow
 * @property {(record: Uint8Array, stamp?: string) => string} processCaptured
 * @property {(record: Text, stamp?: string) => string} explain
 * @property {(text: string) => string} scrubText
 * @property {(document: Text) => string} scrubJson
 * @typedef {object} NativeClient
 * @property {(record: Text) => boolean} track
 * @property {(record: Text) => string} trackChecked
 * @property {(record: Text) => Promise<boolean>} trackAsync
 * @property {(memory: Uint8Array) => number} attach
 * @property {() => void} detach
 * @property {() => boolean} handOver
 * @property {(measurement: string) => boolean} measure
 * @property {() => string} preview
 * @property {() => boolean} isOff
 * @property {() => boolean} isDurable
 * @property {() => boolean} hasWarnings
 * @property {() => string[]} takeWarnings
 * @property {(timeoutMs: number) => boolean} leave
 * @property {(timeoutMs: number) => Promise<boolean>} flush
 * @property {(timeoutMs: number) => Promise<boolean>} shutdown
 * @property {() => string} stats
 * @property {() => string} status
 * @property {(grant: string) => Promise<boolean>} optIn
 * @property {(word: string) => Promise<boolean>} optOut
 * @property {(wish: string) => Promise<boolean>} requestDeletion
 * @property {(config: string) => string} reconfigure
 * @property {(since: number) => string} changes
 * @property {() => string} consentHistory
 * @property {() => string} consentVerify
 * @typedef {object} NativeStore
 * @property {(engine: NativeEngine, tenant: string, format: string, body: Uint8Array, options: string) => Promise<string>}
 *   ingest
 * @property {() => Promise<string>} settle
 * @property {(tenant: string, spec: string) => Promise<string>} query
 * @property {(tenant: string, spec: string) => Promise<string>} aggregate
 * @property {(tenant: string, spec: string, format: string) => Promise<string>} export
 * @property {(engine: NativeEngine, tenant: string, spec: string) => Promise<{ content: Buffer, records: number,
 *   next?: string }>} exportParquet
 * @property {(engine: NativeEngine, tenant: string, spec: string) => Promise<string>} report
 * @property {(engine: NativeEngine, tenant: string, userId: string, word: string) => Promise<string>} deleteUser
 * @property {(engine: NativeEngine, tenant: string, userId: string, spec: string) => Promise<string>} userData
 * @property {(tenant: string, spec: string) => Promise<string>} deletions
 * @property {(engine: NativeEngine, tenant: string, word: string) => Promise<string>} consentUpdate
 * @property {(engine: NativeEngine, tenant: string, userId: string) => Promise<string>} consentStatus
 * @property {(tenant: string, entry: string) => Promise<string>} auditAppend
 * @property {(tenant: string, spec: string) => Promise<string>} audit
 * @property {() => Promise<string>} auditVerify
 * @property {(tenant: string, wanted: string) => Promise<string>} apiKeyAdd
 * @property {(key: string) => Promise<string>} apiKeyFind
 * @property {(tenant: string, id: string) => Promise<string>} apiKeyRevoke
 * @property {(tenant: string) => Promise<string>} apiKeys
 * @property {(now?: string) => Promise<string>} retain
 * @property {() => Promise<string>} vacuum
 * @property {(folder: string) => Promise<string>} backup
 * @property {(folder: string) => Promise<string>} applyDeletions
 * @property {() => Promise<string>} check
 * @property {() => Promise<string>} stats
 * @property {() => void} close
 * @typedef {object} Native
 * @property {() => string} version
 * @property {() => string} codes
 * @property {() => string} schemas
 * @property {(report: string) => string} reportPage
 * @property {() => string} metricsCatalog
 * @property {(plan: string) => string} planCheck
 * @property {(old: string, next: string) => string} planDiff
 * @property {(secretKey: string, text: string) => string} unseal
 * @property {() => string} sealKeypair
 * @property {(name: string) => string} profile
 * @property {(config: string) => Promise<string>} doctor
 * @property {(config: string, record: string) => string} sample
 * @property {(slab: number, end: number) => string} checkCaptured
 * @property {(parent: string) => string} newTraceparent
 * @property {(header: string) => string} readTraceparent
 * @property {typeof import('../receive.d.ts').otlpRecords} otlpRecords
 * @property {typeof import('../receive.d.ts').otlpAnswer} otlpAnswer
 * @property {typeof import('../receive.d.ts').otlpRefusal} otlpRefusal
 * @property {typeof import('../receive.d.ts').inflateZstd} inflateZstd
 * @property {typeof import('../receive.d.ts').forwarded} forwarded
 * @property {(engine: NativeEngine, format: string, body: Uint8Array) => Promise<string>} check
 * @property {() => string} panicForTest
 * @property {(code: string) => string} failForTest
 * @property {new (config: string) => NativeEngine} Engine
 * @property {new (config: string) => NativeClient} Client
 * @property {{ open: (folder: string, options: string) => NativeStore,
 *   convert: (folder: string, keys: string) => Promise<string> }} Store
 */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Native}
 */
function load (env) {
  const platform = platformName()
  const beside = join(__dirname, '..', `scrubjay.${platform}.node`)
  const chosen = env.SCRUBJAY_NATIVE ? resolve(env.SCRUBJAY_NATIVE) : beside
  const request = env.SCRUBJAY_NATIVE || existsSync(beside) ? chosen : `@scrubjay/${platform}`
  try {
    return require(request)
  } catch (cause) {
    throw Object.assign(failure('native_missing', '', missing(platform, request)), { cause })
  }
}

/**
 * @param {string} platform
 * @param {string} request
 */
function missing (platform, request) {
  return `the compiled engine for ${platform} cannot be loaded from ${request}; ` +
    'build it with `npm run build` in bindings-node (needs Rust), or name a built file in SCRUBJAY_NATIVE'
}

module.exports = { native: load(process.env), load }
