'use strict'

const { accessSync, constants } = require('node:fs')
const { join } = require('node:path')

/**
 * Reports that the collector makes by itself, and how it prints them.
 *
 * @typedef {object} ReportConfig
 * @property {Array<'daily' | 'weekly'>} periods which are made by themselves; none is none
 * @property {Array<'html' | 'json' | 'csv' | 'pdf'>} formats
 * @property {string} folder where they are kept
 * @property {number} keep how many of each tenant and period
 * @property {string[]} tenants whose
 * @property {string | undefined} chromium program that prints
 */

const PERIODS = /** @type {const} */ (['daily', 'weekly'])
const FORMATS = /** @type {const} */ (['html', 'json', 'csv', 'pdf'])
/** A month of days, and more than half a year of weeks. */
const KEEP = 30
const MAX_KEEP = 1_000
/** The tenant of a collector without identity. */
const OPEN_TENANT = 'default'

/**
 * @param {import('./reader.js').Reader} reader
 * @param {string} dataDir
 * @param {boolean} isOpen whether there is no identity
 * @returns {ReportConfig}
 */
function readReports (reader, dataDir, isOpen) {
  const periods = each(reader, 'TELEMETRY_REPORT_SCHEDULE', PERIODS, [])
  const formats = each(reader, 'TELEMETRY_REPORT_FORMATS', FORMATS, ['html', 'json'])
  const chromium = reader.text('TELEMETRY_REPORT_CHROMIUM')
  const tenants = reader.words('TELEMETRY_REPORT_TENANTS') ?? (isOpen ? [OPEN_TENANT] : [])
  if (chromium !== undefined && !isExecutable(chromium)) {
    reader.fault('TELEMETRY_REPORT_CHROMIUM', 'must be the path of a Chromium that may be run')
  }
  if (formats.includes('pdf') && chromium === undefined) {
    reader.fault('TELEMETRY_REPORT_FORMATS', 'has pdf, which needs TELEMETRY_REPORT_CHROMIUM, the path of a Chromium')
  }
  if (periods.length > 0 && tenants.length === 0) {
    reader.fault('TELEMETRY_REPORT_TENANTS', 'is needed beside TELEMETRY_REPORT_SCHEDULE: whose reports are to be made')
  }
  return {
    periods,
    formats,
    folder: reader.text('TELEMETRY_REPORT_DIR') ?? join(dataDir, 'reports'),
    keep: reader.whole('TELEMETRY_REPORT_KEEP', KEEP, 1, MAX_KEEP),
    tenants,
    chromium
  }
}

/**
 * @template {string} T
 * @param {import('./reader.js').Reader} reader
 * @param {string} name
 * @param {readonly T[]} known
 * @param {T[]} fallback
 * @returns {T[]}
 */
function each (reader, name, known, fallback) {
  const words = reader.words(name)
  if (words === undefined) return fallback
  const found = known.filter((word) => words.includes(word))
  if (found.length !== new Set(words).size) reader.fault(name, `must be of ${known.join(', ')}, between commas`)
  return found
}

/** @param {string} path */
function isExecutable (path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

module.exports = { FORMATS, PERIODS, readReports }
