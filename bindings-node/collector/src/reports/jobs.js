'use strict'

const { randomUUID } = require('node:crypto')
const { EventEmitter, once } = require('node:events')

/**
 * Reports that somebody waits for: how far each is, and what it became. They live in memory, for who asked.
 *
 * @typedef {import('./maker.js').Progress & { error?: { code: string, message: string } }} State
 * @typedef {{ tenant: string, name: string, state: State, changed: EventEmitter, until: number,
 *   made?: { content: string | Buffer, type: string } }} Job
 */

/** As long as a report can be fetched after it was asked for. */
const KEPT_MS = 600_000
/** Reports in memory; the oldest goes. */
const MAX_JOBS = 32

class Jobs {
  #maker
  /** @type {Map<string, Job>} */
  #jobs = new Map()

  /** @param {import('./maker.js').Maker} maker */
  constructor (maker) {
    this.#maker = maker
  }

  /**
   * @param {string} tenant
   * @param {import('./maker.js').Wanted} wanted
   * @returns {string} the job's id
   * @throws {Error} `overloaded`
   */
  begin (tenant, wanted) {
    const changed = new EventEmitter().setMaxListeners(0)
    /** @type {Job} */
    const job = {
      tenant, name: `telemetry-${wanted.period}.${wanted.format}`, state: { stage: 'waiting', done: 0, of: 1 }, changed, until: Date.now() + KEPT_MS
    }
    const tell = (/** @type {State} */ state) => {
      job.state = state
      changed.emit('change')
    }
    this.#maker.make(tenant, wanted, (state) => { if (state.stage !== 'done') tell(state) }).then((made) => {
      job.made = made
      tell({ ...job.state, stage: 'done', done: job.state.of })
    }, ({ code = 'internal', statusCode, path, message }) => {
      const isOurs = statusCode !== undefined || path !== undefined
      tell({ ...job.state, stage: 'done', error: { code, message: isOurs ? message : 'the report failed; see the collector’s log' } })
    })
    const id = randomUUID()
    for (const [old, { until }] of this.#jobs) if (until < Date.now() || this.#jobs.size >= MAX_JOBS) this.#jobs.delete(old)
    this.#jobs.set(id, job)
    return id
  }

  /** @param {string} tenant @param {string} id @returns {Job | undefined} */
  find (tenant, id) {
    const job = this.#jobs.get(id)
    return job?.tenant === tenant && job.until > Date.now() ? job : undefined
  }

  /** A line for each state, the present one first, until it has ended. @param {Job} job */
  async * follow (job) {
    for (let told; told !== job.state;) {
      const state = told = job.state
      yield `${JSON.stringify(state)}\n`
      if (state.stage === 'done') return
      if (told === job.state) await once(job.changed, 'change')
    }
  }
}

exports.Jobs = Jobs
