'use strict'

const { execFile } = require('node:child_process')
const { mkdtemp, readFile, rm, writeFile } = require('node:fs/promises')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')
const { promisify } = require('node:util')

/** Prints a report's page by Chromium: the page has no script and loads nothing, so this is a matter of a second. */

const run = promisify(execFile)
/** A cold start on a busy machine takes some seconds. */
const TIMEOUT_MS = 60_000
const FLAGS = [
  '--headless', '--disable-gpu', '--no-first-run', '--disable-extensions', '--disable-background-networking', '--disable-sync',
  '--disable-dev-shm-usage', '--no-pdf-header-footer'
]

class Printer {
  #chromium

  /** @param {string | undefined} chromium */
  constructor (chromium) {
    this.#chromium = chromium
  }

  /**
   * @param {string} page HTML
   * @returns {Promise<Buffer>} PDF
   * @throws {Error} `pdf_unavailable` where there is no Chromium, or it does not print
   */
  async print (page) {
    if (this.#chromium === undefined) {
      // Nothing is broken here: this collector does not offer the form.
      throw unavailable(400, 'there is no PDF here: set TELEMETRY_REPORT_CHROMIUM to the path of a Chromium; `html` prints from any browser')
    }
    const folder = await mkdtemp(join(tmpdir(), 'scrubjay-report-'))
    try {
      const [html, pdf] = [join(folder, 'report.html'), join(folder, 'report.pdf')]
      await writeFile(html, page, { mode: 0o600 })
      // Chromium's sandbox refuses to run as root, as which a service should not run either.
      const flags = process.getuid?.() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS
      await run(this.#chromium, [...flags, `--user-data-dir=${join(folder, 'profile')}`, `--print-to-pdf=${pdf}`, pathToFileURL(html).href], {
        timeout: TIMEOUT_MS, killSignal: 'SIGKILL', env: { PATH: process.env.PATH, HOME: folder }
      })
      return await readFile(pdf)
    } catch {
      throw unavailable(503, 'the Chromium of TELEMETRY_REPORT_CHROMIUM did not print the report; the log of this collector has no more, run it by hand')
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

/**
 * @param {number} statusCode
 * @param {string} message
 */
function unavailable (statusCode, message) {
  return Object.assign(new Error(message), { statusCode, code: 'pdf_unavailable' })
}

exports.Printer = Printer
