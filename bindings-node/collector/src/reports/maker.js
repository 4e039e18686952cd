'use strict'

const { reportPage } = require('scrubjay')
const { Report, rangeOf, waits } = require('./report.js')

/**
 * Makes reports, one at a time: each reads all records of its range.
 *
 * @typedef {{ stage: 'waiting' | 'reading' | 'writing' | 'printing' | 'done', done: number, of: number }} Progress
 * @typedef {{ period: 'daily' | 'weekly', format: 'html' | 'json' | 'csv' | 'pdf', end?: string | undefined,
 *   consistency?: string | undefined }} Wanted
 */

/** @type {Record<Wanted['format'], string>} */
const TYPES = {
  html: 'text/html; charset=utf-8',
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  pdf: 'application/pdf'
}
/** Reports that wait for the one under way; each is seconds of work. */
const MAX_WAITING = 16

class Maker {
  #engine
  #store
  #counts
  #printer
  /** Ends with the last report that was asked for. @type {Promise<unknown>} */
  #line = Promise.resolve()
  #waiting = 0

  /**
   * @param {{ engine: import('scrubjay').Engine, store: import('scrubjay').Store, counts: import('../counts.js').Counts,
   *   printer: import('./printer.js').Printer }} dependencies
   */
  constructor ({ engine, store, counts, printer }) {
    this.#engine = engine
    this.#store = store
    this.#counts = counts
    this.#printer = printer
  }

  /**
   * @param {string} tenant
   * @param {Wanted} wanted
   * @param {(progress: Progress) => void} [tell]
   * @returns {Promise<{ content: string | Buffer, type: string }>}
   * @throws {Error} `argument_invalid`, `store_unavailable`, `pdf_unavailable`, `overloaded`
   */
  make (tenant, wanted, tell = () => {}) {
    if (this.#waiting >= MAX_WAITING) {
      throw Object.assign(new Error('too many reports are waited for; try again later'), { statusCode: 503, code: 'overloaded' })
    }
    const of = wanted.format === 'pdf' ? 3 : 2
    tell({ stage: 'waiting', done: 0, of })
    this.#waiting++
    const made = this.#line.then(() => this.#make(tenant, wanted, of, tell)).finally(() => { this.#waiting-- })
    this.#line = made.catch(() => {})
    return made
  }

  /**
   * @param {string} tenant
   * @param {Wanted} wanted
   * @param {number} of
   * @param {(progress: Progress) => void} tell
   */
  async #make (tenant, { period, format, end, consistency }, of, tell) {
    const type = TYPES[format]
    tell({ stage: 'reading', done: 0, of })
    if (format === 'json' || format === 'csv') {
      const report = await Report.of(this.#store, tenant, period, end, consistency)
      tell({ stage: 'writing', done: 1, of })
      const content = format === 'csv' ? report.toCsv() : JSON.stringify({ ...report.figures, ingestion: this.#counts.of(tenant) })
      tell({ stage: 'done', done: of, of })
      return { content, type }
    }
    // What `scrubjay etl` writes over archives, over what is stored.
    const report = await this.#store.report(this.#engine, tenant, { schema: 'any', ...rangeOf(period, end), ...waits(consistency) })
    tell({ stage: 'writing', done: 1, of })
    const page = reportPage(report)
    if (format === 'pdf') tell({ stage: 'printing', done: 2, of })
    const content = format === 'pdf' ? await this.#printer.print(page) : page
    tell({ stage: 'done', done: of, of })
    return { content, type }
  }
}

exports.Maker = Maker
exports.TYPES = TYPES
