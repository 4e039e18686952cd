'use strict'

/** Names of variables, and the nearest one to a name that is none: a misspelt switch must not fail in silence. */

/** Also read by clients in the same environment, so no reason for a warning here. */
const KNOWN_TELEMETRY_NAMES = [
  'TELEMETRY_OPT_OUT_ENFORCE', 'TELEMETRY_PRIVACY_MODE', 'TELEMETRY_ENABLED', 'TELEMETRY_API_KEY',
  'TELEMETRY_ENDPOINT', 'TELEMETRY_SAMPLE_RATE', 'TELEMETRY_SAMPLING_RATE', 'TELEMETRY_BATCH_SIZE',
  'TELEMETRY_FLUSH_INTERVAL', 'TELEMETRY_RETENTION_DAYS', 'TELEMETRY_DASHBOARD_ENABLED', 'TELEMETRY_DEBUG',
  'TELEMETRY_PII_FIELDS', 'TELEMETRY_PSEUDONYM_KEY', 'TELEMETRY_CONFIG_FILE', 'TELEMETRY_UPLOAD_ENABLED',
  'TELEMETRY_REQUIRE_CONSENT', 'TELEMETRY_NOTICE_VERSION', 'TELEMETRY_STATE_DIR', 'TELEMETRY_SERVICE_NAME',
  'TELEMETRY_QUEUE_SIZE', 'TELEMETRY_TIMEOUT', 'TELEMETRY_SPOOL_DIR', 'TELEMETRY_SPOOL_KEY', 'TELEMETRY_EXPORTER',
  'TELEMETRY_REPORT_SCHEDULE', 'TELEMETRY_REPORT_FORMATS', 'TELEMETRY_REPORT_DIR', 'TELEMETRY_REPORT_KEEP',
  'TELEMETRY_REPORT_TENANTS', 'TELEMETRY_REPORT_CHROMIUM'
]

/**
 * Variables that look like ours and are not, as warnings.
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

module.exports = { misspelt }
