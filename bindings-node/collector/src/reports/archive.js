'use strict'

const { mkdir, readFile, readdir, rename, rm, stat, writeFile } = require('node:fs/promises')
const { join } = require('node:path')

/** Reports on disk, a folder for each tenant: `daily-2026-11-20.html` is of that day, a weekly one ends with its day. */

const NAME = /^(daily|weekly)-(\d{4}-\d\d-\d\d)\.(html|json|csv|pdf)$/

class Archive {
  #folder

  /** @param {string} folder */
  constructor (folder) {
    this.#folder = folder
  }

  /**
   * The reports of a tenant, the newest first.
   *
   * @param {string} tenant
   * @returns {Promise<Array<{ name: string, period: string, day: string, format: string, bytes: number }>>}
   */
  async list (tenant) {
    const folder = this.#of(tenant)
    const names = (await readdir(folder).catch(absent([]))).filter((name) => NAME.test(name))
    const reports = await Promise.all(names.map(async (name) => {
      const [, period, day, format] = /** @type {string[]} */ (/** @type {unknown} */ (NAME.exec(name)))
      const { size } = await stat(join(folder, name)).catch(absent({ size: 0 }))
      return { name, period: `${period}`, day: `${day}`, format: `${format}`, bytes: size }
    }))
    return reports.sort((a, b) => b.day.localeCompare(a.day) || a.name.localeCompare(b.name))
  }

  /** @param {string} tenant @param {string} name @returns {Promise<Buffer | null>} null where there is none */
  async read (tenant, name) {
    return NAME.test(name) ? readFile(join(this.#of(tenant), name)).catch(absent(null)) : null
  }

  /** Whole or not at all. @param {string} tenant @param {string} name @param {string | Buffer} content */
  async write (tenant, name, content) {
    const folder = this.#of(tenant)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, name)
    await writeFile(`${path}.new`, content, { mode: 0o600, flush: true })
    await rename(`${path}.new`, path)
  }

  /** Removes all but the newest. @param {string} tenant @param {string} period @param {number} keep */
  async prune (tenant, period, keep) {
    const reports = (await this.list(tenant)).filter((report) => report.period === period)
    const days = [...new Set(reports.map(({ day }) => day))].slice(keep)
    await Promise.all(reports.filter(({ day }) => days.includes(day)).map(({ name }) => rm(join(this.#of(tenant), name), { force: true })))
  }

  /** No tenant's name leads out of the folder. @param {string} tenant */
  #of (tenant) {
    return join(this.#folder, encodeURIComponent(tenant).replaceAll('.', '%2E'))
  }
}

/** @template T @param {T} instead @returns {(error: { code?: string }) => T} */
function absent (instead) {
  return (error) => {
    if (error.code === 'ENOENT') return instead
    throw error
  }
}

exports.Archive = Archive
