'use strict'

/**
 * The environment as the collector understands it: every fault is found before anything starts, and listed at
 * once. No message quotes a value.
 */

/**
 * @typedef {object} CollectorConfig
 * @property {string} host address to listen on
 * @property {number} port port of the routes; 0 takes a free one
 * @property {number} prometheusPort port of the Prometheus text; 0 takes a free one
 * @property {string} dataDir folder of the store
 * @property {string} logLevel
 * @property {boolean} optOutEnforce
 * @property {'strict' | 'balanced' | 'minimal'} privacyMode
 */

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
const PRIVACY_MODES = /** @type {const} */ (['strict', 'balanced', 'minimal'])
const TRUE = ['1', 'true', 'yes', 'on']
const FALSE = ['0', 'false', 'no', 'off']
const MAX_PORT = 65_535

/** Also read by clients in the same environment, so no reason for a warning here. */
const KNOWN_TELEMETRY_NAMES = [
  'TELEMETRY_OPT_OUT_ENFORCE', 'TELEMETRY_PRIVACY_MODE', 'TELEMETRY_ENABLED', 'TELEMETRY_API_KEY',
  'TELEMETRY_ENDPOINT', 'TELEMETRY_SAMPLE_RATE', 'TELEMETRY_BATCH_SIZE', 'TELEMETRY_FLUSH_INTERVAL',
  'TELEMETRY_RETENTION_DAYS', 'TELEMETRY_DASHBOARD_ENABLED', 'TELEMETRY_DEBUG'
]

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
  /** @type {string[]} */
  const faults = []
  // An empty variable is an unset one, as OpenTelemetry has it.
  const value = (/** @type {string} */ name) => env[name]?.trim() || undefined
  const port = (/** @type {string} */ name, /** @type {number} */ fallback) => {
    const text = value(name)
    if (text === undefined) return fallback
    if (/^\d{1,5}$/.test(text) && Number(text) <= MAX_PORT) return Number(text)
    faults.push(`${name} must be a port: a whole number from 0 to ${MAX_PORT}`)
    return fallback
  }
  /** @type {<T extends string>(name: string, words: readonly T[], fallback: T) => T} */
  const oneOf = (name, words, fallback) => {
    const found = words.find((word) => word === (value(name)?.toLowerCase() ?? fallback))
    if (found === undefined) faults.push(`${name} must be one of ${words.join(', ')}`)
    return found ?? fallback
  }
  const boolean = (/** @type {string} */ name, /** @type {'true' | 'false'} */ fallback) =>
    TRUE.includes(oneOf(name, [...TRUE, ...FALSE], fallback))

  const config = {
    host: value('HOST') ?? '127.0.0.1',
    port: port('PORT', 3001),
    prometheusPort: port('PROMETHEUS_PORT', port('OTEL_EXPORTER_PROMETHEUS_PORT', 9464)),
    dataDir: value('DATA_DIR') ?? './data',
    logLevel: oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    optOutEnforce: boolean('TELEMETRY_OPT_OUT_ENFORCE', 'true'),
    privacyMode: oneOf('TELEMETRY_PRIVACY_MODE', PRIVACY_MODES, 'balanced')
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return { config, warnings: misspelt(Object.keys(env)) }
}

/**
 * Variables that look like ours and are not: a misspelt switch must not fail in silence.
 *
 * @param {string[]} names
 */
function misspelt (names) {
  return names
    .filter((name) => name.startsWith('TELEMETRY_') && !KNOWN_TELEMETRY_NAMES.includes(name))
    .map((name) => `${name} is not a known variable${suggestion(name)}`)
}

/** @param {string} name */
function suggestion (name) {
  // A third of the letters wrong is no longer a slip of the finger.
  const limit = name.length / 3
  const [best] = KNOWN_TELEMETRY_NAMES.map((known) => ({ known, edits: editDistance(name, known) }))
    .sort((a, b) => a.edits - b.edits)
  return best !== undefined && best.edits <= limit ? `; did you mean ${best.known}?` : ''
}

/**
 * Levenshtein's distance.
 *
 * @param {string} from
 * @param {string} to
 */
function editDistance (from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const swap = /** @type {number} */ (row[j - 1]) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(swap, /** @type {number} */ (row[j]) + 1, /** @type {number} */ (next[j - 1]) + 1))
    }
    row = next
  }
  return /** @type {number} */ (row[to.length])
}

module.exports = { readConfig, ConfigError }
