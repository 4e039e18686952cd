'use strict'

/**
 * Who may call what: one table, and what is not in it is refused.
 *
 * `ingest` sends, `viewer` sees figures and the dashboard, `analyst` also single records and exports,
 * `privacy_officer` answers the rights of users and reads the audit trail, `admin` may do everything but is as audited.
 */

const ROLES = /** @type {const} */ (['ingest', 'viewer', 'analyst', 'privacy_officer', 'admin'])

/** @typedef {typeof ROLES[number]} Role */

/** Anybody, without credentials: nothing here depends on a tenant. */
const PUBLIC = /** @type {const} */ ('public')

/** @type {readonly Role[]} */
const SENDERS = ['ingest', 'admin']
/** @type {readonly Role[]} */
const VIEWERS = ['viewer', 'analyst', 'admin']
/** @type {readonly Role[]} */
const ANALYSTS = ['analyst', 'admin']
/** @type {readonly Role[]} */
const OFFICERS = ['privacy_officer', 'admin']
/** An application asks for its users' consent and passes it on with the key that it sends records with. */
/** @type {readonly Role[]} */
const CONSENT = ['ingest', 'privacy_officer', 'admin']
/** @type {readonly Role[]} */
const ADMINS = ['admin']
/** Whoever may see a panel of the dashboard. */
/** @type {readonly Role[]} */
const WATCHERS = ['viewer', 'analyst', 'privacy_officer', 'admin']

/** @type {Readonly<Record<string, typeof PUBLIC | readonly Role[]>>} */
const ACCESS = {
  'GET /health': PUBLIC,
  'GET /ready': PUBLIC,
  'GET /openapi.json': PUBLIC,

  'POST /api/v1/telemetry/events': SENDERS,
  'POST /api/v1/telemetry/events/batch': SENDERS,
  'POST /api/v1/telemetry/perf-sample': SENDERS,
  'POST /api/v1/telemetry/replay-inconsistency': SENDERS,
  'POST /v1/telemetry/events': SENDERS,
  'POST /v1/telemetry/events/batch': SENDERS,
  'POST /v1/telemetry/perf-sample': SENDERS,
  'POST /v1/telemetry/replay-inconsistency': SENDERS,
  'POST /v1/logs': SENDERS,
  'POST /v1/metrics': SENDERS,
  'POST /v1/traces': SENDERS,

  'GET /api/v1/telemetry/metrics': ANALYSTS,
  'GET /api/v1/telemetry/metrics/aggregate': VIEWERS,
  'GET /api/v1/telemetry/metrics/export': ANALYSTS,
  'GET /api/v1/telemetry/records': ANALYSTS,
  'GET /api/v1/telemetry/records/counts': VIEWERS,
  'GET /api/v1/telemetry/traces': ANALYSTS,
  'GET /api/v1/telemetry/traces/:trace_id': ANALYSTS,
  // The page says nothing of a tenant; the session's routes look at credentials themselves.
  'GET /api/v1/telemetry/dashboard': PUBLIC,
  'GET /api/v1/telemetry/dashboard/assets/*': PUBLIC,
  'HEAD /api/v1/telemetry/dashboard/assets/*': PUBLIC,
  'GET /api/v1/telemetry/dashboard/session': PUBLIC,
  'POST /api/v1/telemetry/dashboard/session': PUBLIC,
  'DELETE /api/v1/telemetry/dashboard/session': PUBLIC,
  'GET /api/v1/telemetry/dashboard/overview': WATCHERS,
  'GET /api/v1/telemetry/dashboard/reports': VIEWERS,
  'POST /api/v1/telemetry/dashboard/reports/jobs': VIEWERS,
  'GET /api/v1/telemetry/dashboard/reports/jobs/:job_id': VIEWERS,
  'GET /api/v1/telemetry/dashboard/reports/jobs/:job_id/content': VIEWERS,
  'GET /api/v1/telemetry/dashboard/reports/kept': VIEWERS,
  'GET /api/v1/telemetry/dashboard/reports/kept/:report_name': VIEWERS,

  'GET /api/v1/telemetry/consent/status': CONSENT,
  'POST /api/v1/telemetry/consent/update': CONSENT,
  'DELETE /api/v1/telemetry/data/:user_id': OFFICERS,
  'GET /api/v1/telemetry/data/:user_id': OFFICERS,
  'GET /api/v1/telemetry/deletions': OFFICERS,
  'GET /api/v1/telemetry/audit': OFFICERS,
  'GET /api/v1/telemetry/audit/verify': OFFICERS,

  'GET /api/v1/telemetry/keys': ADMINS,
  'POST /api/v1/telemetry/keys': ADMINS,
  'DELETE /api/v1/telemetry/keys/:key_id': ADMINS
}

/** Below it the pages of the API's documentation stand; they are files of a library. */
const DOCUMENTATION = '/docs'

/**
 * Who may call a route; nothing where the table does not know it.
 *
 * @param {string} method
 * @param {string} url the route's pattern
 */
function accessOf (method, url) {
  const isDocumentation = url === DOCUMENTATION || url.startsWith(`${DOCUMENTATION}/`)
  if (['GET', 'HEAD'].includes(method) && isDocumentation) return PUBLIC
  const key = `${method} ${url}`
  return Object.hasOwn(ACCESS, key) ? ACCESS[key] : undefined
}

module.exports = { ACCESS, DOCUMENTATION, PUBLIC, ROLES, accessOf }
