'use strict'

/**
 * A report about a tenant: a day or a week, ending at a moment.
 *
 * @typedef {object} Figures
 * @property {string} period
 * @property {string} start_time
 * @property {string} end_time
 * @property {Array<{ channel: string | null, event: string | null, count: number, users: number }>} events
 * @property {Array<{ name: string, count: number, avg: number, p50: number, p95: number, p99: number }>} metrics
 * @property {Array<{ start: string, count: number }>} over_time
 * @property {boolean} truncated whether there was more than a report lists
 */

const DAY_MS = 86_400_000
/** What each kind of report looks at, and its steps. */
const PERIODS = { daily: { ms: DAY_MS, interval: '1h' }, weekly: { ms: 7 * DAY_MS, interval: '6h' } }
/** Rows of each table; the most frequent first is for who reads it. */
const MAX_ROWS = 1_000
const METRIC = 'telemetry_metric_v1'
/** Columns of a report as CSV. */
const COLUMNS = ['section', 'name', 'channel', 'count', 'users', 'avg', 'p50', 'p95', 'p99']
/** First signs with which spreadsheets begin a formula. */
const FORMULA = /^[=+\-@\t\r]/

class Report {
  /** @param {Figures} figures */
  constructor (figures) {
    this.figures = figures
  }

  /**
   * @param {import('scrubjay').Store} store
   * @param {string} tenant
   * @param {keyof typeof PERIODS} period
   * @param {string} [end] RFC 3339; now where absent
   * @param {string} [consistency]
   * @throws {Error} `argument_invalid`
   */
  static async of (store, tenant, period, end, consistency) {
    const { interval } = PERIODS[period]
    const common = /** @type {any} */ ({ ...rangeOf(period, end), ...waits(consistency) })
    const [events, metrics, steps] = await Promise.all([
      store.aggregate(tenant, { ...common, group_by: ['channel', 'event'], aggregations: ['count', 'users'], limit: MAX_ROWS }),
      store.aggregate(tenant, {
        ...common, schema: METRIC, field: '/value', aggregations: ['count', 'avg', 'p50', 'p95', 'p99'], group_by: ['event'], limit: MAX_ROWS
      }),
      store.aggregate(tenant, { ...common, interval })
    ])
    /** @param {any[]} rows */
    const ranked = (rows) => rows.sort((a, b) => b.count - a.count)
    return new Report({
      period,
      start_time: common.start_time,
      end_time: common.end_time,
      events: ranked(events.buckets.map(({ group, count, users }) => ({ channel: group.channel, event: group.event, count, users }))),
      metrics: ranked(metrics.buckets.map(({ group, count, avg, p50, p95, p99 }) => ({ name: group.event, count, avg, p50, p95, p99 }))),
      over_time: steps.buckets.map((/** @type {any} */ { start, count }) => ({ start, count })),
      truncated: events.truncated || metrics.truncated
    })
  }

  /** One table (RFC 4180): `section,name,channel,count,users,avg,p50,p95,p99`. */
  toCsv () {
    const { events, metrics, over_time: steps } = this.figures
    const rows = [
      COLUMNS,
      ...events.map(({ channel, event, count, users }) => ['event', event, channel, count, users]),
      ...metrics.map(({ name, count, avg, p50, p95, p99 }) => ['metric', name, '', count, '', avg, p50, p95, p99]),
      ...steps.map(({ start, count }) => ['time', start, '', count])
    ]
    return rows.map((row) => Array.from({ length: COLUMNS.length }, (_, i) => cell(row[i])).join(',') + '\r\n').join('')
  }
}

/**
 * The range of a report.
 *
 * @param {keyof typeof PERIODS} period
 * @param {string} [end] RFC 3339; now where absent
 * @returns {{ start_time?: string, end_time?: string }}
 */
function rangeOf (period, end) {
  const endMs = end === undefined ? Date.now() : Date.parse(end)
  // What is no time is refused by the store, in its own words.
  if (Number.isNaN(endMs)) return { end_time: end }
  return { start_time: new Date(endMs - PERIODS[period].ms).toISOString(), end_time: new Date(endMs).toISOString() }
}

/** @param {string | undefined} consistency */
function waits (consistency) {
  return /** @type {{ consistency?: 'now' }} */ (consistency === undefined ? {} : { consistency })
}

/** @param {unknown} value */
function cell (value) {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = String(value)
  // A name that a spreadsheet would calculate is shown as text.
  const inert = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}

module.exports = { PERIODS, Report, rangeOf, waits }
