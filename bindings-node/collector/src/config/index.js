'use strict'

const { readIdentity } = require('./identity.js')
const { misspelt } = require('./names.js')
const { Reader } = require('./reader.js')
const { readReports } = require('./reports.js')

/**
 * The environment as the collector understands it: every fault is found before anything starts, and listed at
 * once. No message quotes a value.
 *
 * @typedef {object} CollectorConfig
 * @property {string} host address to listen on
 * @property {number} port port of the routes; 0 takes a free one
 * @property {string} prometheusHost address of the Prometheus text
 * @property {number} prometheusPort port of the Prometheus text; 0 takes a free one
 * @property {string} dataDir folder of the store
 * @property {string} logLevel
 * @property {boolean} optOutEnforce
 * @property {'strict' | 'balanced' | 'minimal'} privacyMode
 * @property {string[] | undefined} piiFields
 * @property {string | undefined} pseudonymKey
 * @property {number} retentionDays
 * @property {string | undefined} encryptionKey encrypts what is stored: 32 bytes of base64
 * @property {boolean} hasDashboard
 * @property {import('./identity.js').IdentityConfig} identity
 * @property {Limits} limits
 * @property {import('./reports.js').ReportConfig} reports
 * @property {ForwardConfig | undefined} forward
 * @property {DeletionConfig | undefined} deletion
 *
 * @typedef {object} Limits
 * @property {number} perKey requests a minute of one tenant's one credential; 0 is no limit
 * @property {number} perTenant requests a minute of one tenant; 0 is no limit
 * @property {number} pending bodies that may wait for the disk at a time
 *
 * @typedef {object} ForwardConfig an OTLP receiver that gets what was accepted
 * @property {string} endpoint base URL
 * @property {'http/protobuf' | 'http/json'} protocol
 * @property {Record<string, string>} headers
 *
 * @typedef {object} DeletionConfig who is told that a user was deleted
 * @property {string} url
 * @property {string | undefined} token
 */

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
const PRIVACY_MODES = /** @type {const} */ (['strict', 'balanced', 'minimal'])
const PROTOCOLS = /** @type {const} */ (['http/protobuf', 'http/json'])
/** Bytes, as the engine has it. */
const MIN_PSEUDONYM_KEY_BYTES = 16
/** Days (design, section 7). */
const RETENTION_DAYS = 30
const MAX_RETENTION_DAYS = 90
/** Requests a minute: a thousand a second, which no single sender of batches needs. */
const PER_KEY = 60_000
const PER_TENANT = 240_000
const MAX_PER_MINUTE = 100_000_000
/** Bodies of at most 4 MiB that wait for one disk: beyond that they would wait for longer than clients do. */
const PENDING = 128
const MAX_PENDING = 10_000

class ConfigError extends Error {
  /** @param {string[]} faults */
  constructor (faults) {
    super(`the environment has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}: ${faults.join('; ')}`)
    this.code = 'config_invalid'
    this.faults = faults
  }
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ config: CollectorConfig, warnings: string[] }}
 * @throws {ConfigError} with every fault
 */
function readConfig (env) {
  const reader = new Reader(env)
  const isProduction = reader.text('NODE_ENV') === 'production'
  const host = reader.text('HOST') ?? '127.0.0.1'
  const pseudonymKey = reader.text('TELEMETRY_PSEUDONYM_KEY')
  if (pseudonymKey !== undefined && Buffer.byteLength(pseudonymKey) < MIN_PSEUDONYM_KEY_BYTES) {
    reader.fault('TELEMETRY_PSEUDONYM_KEY', `must have at least ${MIN_PSEUDONYM_KEY_BYTES} bytes`)
  }
  const identity = readIdentity(reader, host, isProduction)
  const dataDir = reader.text('DATA_DIR') ?? './data'
  const config = {
    host,
    port: reader.port('PORT', 3001),
    prometheusHost: reader.text('PROMETHEUS_HOST') ?? host,
    prometheusPort: reader.port('PROMETHEUS_PORT', reader.port('OTEL_EXPORTER_PROMETHEUS_PORT', 9464)),
    dataDir,
    logLevel: reader.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    optOutEnforce: reader.boolean('TELEMETRY_OPT_OUT_ENFORCE', true),
    privacyMode: reader.oneOf('TELEMETRY_PRIVACY_MODE', PRIVACY_MODES, 'balanced'),
    piiFields: reader.words('TELEMETRY_PII_FIELDS'),
    pseudonymKey,
    retentionDays: reader.whole('TELEMETRY_RETENTION_DAYS', RETENTION_DAYS, 1, MAX_RETENTION_DAYS, 'whole days'),
    encryptionKey: reader.key('STORE_ENCRYPTION_KEY'),
    hasDashboard: reader.boolean('TELEMETRY_DASHBOARD_ENABLED', true),
    identity,
    reports: readReports(reader, dataDir, identity.isOpen),
    limits: {
      perKey: reader.whole('RATE_LIMIT_PER_MINUTE', PER_KEY, 0, MAX_PER_MINUTE),
      perTenant: reader.whole('RATE_LIMIT_TENANT_PER_MINUTE', PER_TENANT, 0, MAX_PER_MINUTE),
      pending: reader.whole('MAX_PENDING_BODIES', PENDING, 1, MAX_PENDING)
    },
    forward: readForward(reader),
    deletion: readDeletion(reader)
  }
  if (reader.faults.length > 0) throw new ConfigError(reader.faults)
  return { config, warnings: [...warnings(config), ...misspelt(Object.keys(env))] }
}

/**
 * @param {Reader} reader
 * @returns {ForwardConfig | undefined}
 */
function readForward (reader) {
  const endpoint = reader.url('FORWARD_OTLP_ENDPOINT')
  const protocol = reader.oneOf('FORWARD_OTLP_PROTOCOL', PROTOCOLS, 'http/protobuf')
  /** @type {Record<string, string>} */
  const headers = {}
  for (const pair of reader.words('FORWARD_OTLP_HEADERS') ?? []) {
    const at = pair.indexOf('=')
    if (at < 1) reader.fault('FORWARD_OTLP_HEADERS', 'must be name=value pairs between commas')
    else headers[pair.slice(0, at).trim()] = pair.slice(at + 1).trim()
  }
  return endpoint === undefined ? undefined : { endpoint, protocol, headers }
}

/**
 * @param {Reader} reader
 * @returns {DeletionConfig | undefined}
 */
function readDeletion (reader) {
  const url = reader.url('FORWARD_DELETION_URL')
  return url === undefined ? undefined : { url, token: reader.text('FORWARD_DELETION_TOKEN') }
}

/** @param {CollectorConfig} config */
function warnings (config) {
  const said = []
  if (config.identity.isOpen) {
    said.push('no identity is configured: whoever reaches this address is tenant `default` with every role')
  }
  if (config.pseudonymKey === undefined) {
    said.push('TELEMETRY_PSEUDONYM_KEY is not set: user ids are removed, so that a user cannot be found or deleted')
  }
  if (config.forward !== undefined && config.deletion === undefined) {
    said.push('FORWARD_DELETION_URL is not set: the OTLP receiver is not told of deletions')
  }
  return said
}

module.exports = { readConfig, ConfigError }
