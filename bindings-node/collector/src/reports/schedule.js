'use strict'

const { Counter, Gauge } = require('prom-client')

/**
 * Makes the report of each day and week when it is over. What is on disk says what was made, so that a collector which
 * was away makes up for what it missed; nothing else is remembered.
 *
 * @typedef {import('../config/reports.js').ReportConfig} ReportConfig
 */

const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
/** 1970-01-01 was a Thursday; weeks end when Monday begins (ISO 8601), in UTC. */
const FIRST_MONDAY_MS = 4 * DAY_MS
/** Records of a day that is over may still be on their way: clients send every few seconds. */
const DELAY_MS = 5 * 60_000
/** A report that failed is tried again then; a system's clock that was set is noticed then. */
const LOOK_MS = 10 * 60_000
/** Periods that are made up for after an absence, at most; older ones were missed. @type {Record<string, number>} */
const MADE_UP = { daily: 7, weekly: 4 }
/** @type {Record<string, { ms: number, first: number }>} */
const PERIODS = { daily: { ms: DAY_MS, first: 0 }, weekly: { ms: WEEK_MS, first: FIRST_MONDAY_MS } }

class Schedule {
  #config
  #maker
  #archive
  #store
  #log
  #now
  #made
  #latest
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  #isClosed = false
  /** The look under way. @type {Promise<void>} */
  #looking = Promise.resolve()

  /**
   * @param {object} dependencies
   * @param {ReportConfig} dependencies.config
   * @param {import('./maker.js').Maker} dependencies.maker
   * @param {import('./archive.js').Archive} dependencies.archive
   * @param {import('scrubjay').Store} dependencies.store
   * @param {import('../metrics.js').Metrics} dependencies.metrics
   * @param {{ info: (fields: object, text: string) => void, error: (fields: object, text: string) => void }} dependencies.log
   * @param {() => number} [dependencies.now] milliseconds since 1970
   */
  constructor ({ config, maker, archive, store, metrics, log, now = Date.now }) {
    this.#config = config
    this.#maker = maker
    this.#archive = archive
    this.#store = store
    this.#log = log
    this.#now = now
    const registers = [metrics.registry]
    this.#made = new Counter({
      name: 'telemetry_reports_total', help: 'Reports made on schedule, by what became of them.', labelNames: ['period', 'outcome'], registers
    })
    this.#latest = new Gauge({
      name: 'telemetry_report_end_timestamp_seconds', help: 'End of the newest report on schedule.', labelNames: ['period'], registers
    })
    for (const period of config.periods) for (const outcome of ['made', 'failed']) this.#made.inc({ period, outcome }, 0)
  }

  /** Looks now, and again from time to time. */
  start () {
    if (this.#config.periods.length === 0) return
    const look = async () => {
      await this.look()
      if (!this.#isClosed) this.#timer = setTimeout(look, LOOK_MS).unref()
    }
    look()
  }

  /** Makes what is due, one report after the other; resolves when nothing more is. */
  look () {
    this.#looking = this.#looking.then(async () => {
      for (const tenant of this.#config.tenants) for (const period of this.#config.periods) await this.#catchUp(tenant, period)
    })
    return this.#looking
  }

  /** Begins nothing more, and waits for what is under way. */
  async close () {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#looking
  }

  /** @param {string} tenant @param {'daily' | 'weekly'} period */
  async #catchUp (tenant, period) {
    try {
      for (const end of await this.#due(tenant, period)) {
        if (this.#isClosed) return
        await this.#make(tenant, period, end)
        this.#made.inc({ period, outcome: 'made' })
        this.#latest.set({ period }, end / 1_000)
        this.#log.info({ period, end: new Date(end).toISOString() }, 'report made')
      }
      await this.#archive.prune(tenant, period, this.#config.keep)
    } catch (error) {
      this.#made.inc({ period, outcome: 'failed' })
      this.#log.error({ period, code: /** @type {any} */ (error).code }, 'report failed')
    }
  }

  /**
   * Ends of the periods that have no report yet, the oldest first: those after the newest report, or, where there is
   * none, the last one alone.
   *
   * @param {string} tenant
   * @param {'daily' | 'weekly'} period
   */
  async #due (tenant, period) {
    const { ms, first } = /** @type {{ ms: number, first: number }} */ (PERIODS[period])
    const last = Math.floor((this.#now() - DELAY_MS - first) / ms) * ms + first
    const kept = (await this.#archive.list(tenant)).filter((report) => report.period === period)
    const isWhole = (/** @type {string} */ day) => this.#config.formats.every((format) => kept.some((report) => report.day === day && report.format === format))
    const newest = kept.map(({ day }) => day).find(isWhole)
    const from = newest === undefined ? last - ms : Math.max(Date.parse(newest) + DAY_MS, last - Math.min(this.#config.keep, MADE_UP[period] ?? 1) * ms)
    const ends = []
    for (let end = from + ms; end <= last; end += ms) ends.push(end)
    return ends
  }

  /** @param {string} tenant @param {'daily' | 'weekly'} period @param {number} endMs */
  async #make (tenant, period, endMs) {
    const end = new Date(endMs).toISOString()
    const day = new Date(endMs - DAY_MS).toISOString().slice(0, 10)
    for (const format of this.#config.formats) {
      const { content } = await this.#maker.make(tenant, { period, format, end, consistency: 'now' })
      await this.#archive.write(tenant, `${period}-${day}.${format}`, content)
    }
    const detail = JSON.stringify({ period, end })
    await this.#store.auditAppend(tenant, JSON.stringify({ actor: 'collector', action: 'report.make', subject: '', detail }))
  }
}

exports.Schedule = Schedule
