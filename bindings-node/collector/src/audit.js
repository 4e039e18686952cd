'use strict'

/**
 * Who read or changed what: entries of the store's audit trail, which is a chain of hashes. They say who, what and
 * where, and never which person was asked for.
 */
/**
 * Milliseconds in which asking for the same figures again is one entry: a dashboard asks every few seconds, and a trail
 * of nothing else hides what matters. Figures are of no single person; reading records is told each time.
 */
const REPEATED_MS = 60_000
const FIGURES = 'figures.read'
/** Readers that are remembered. The oldest goes. */
const MAX_READERS = 1_000

class Audit {
  #store
  /** When each reader's last entry was made. @type {Map<string, number>} */
  #readers = new Map()

  /** @param {import('scrubjay').Store} store */
  constructor (store) {
    this.#store = store
  }

  /**
   * Records that a caller reads. What cannot be recorded is not shown.
   *
   * @param {import('fastify').FastifyRequest} request
   * @param {string} action
   */
  async read (request, action) {
    if (action === FIGURES && this.#isRepeated(request)) return
    await this.write(request, action, '')
  }

  /** @param {import('fastify').FastifyRequest} request */
  #isRepeated ({ context: { identity, routeName } }) {
    const reader = JSON.stringify([identity?.tenant, identity?.subject, routeName])
    const now = performance.now()
    const last = this.#readers.get(reader)
    if (last !== undefined && now - last < REPEATED_MS) return true
    const [oldest] = this.#readers.keys()
    if (this.#readers.size >= MAX_READERS && oldest !== undefined) this.#readers.delete(oldest)
    this.#readers.delete(reader)
    this.#readers.set(reader, now)
    return false
  }

  /**
   * @param {import('fastify').FastifyRequest} request
   * @param {string} action
   * @param {string} subject what was changed; no raw user id
   */
  async write ({ context }, action, subject) {
    const { requestId, routeName, identity } = context
    if (identity === undefined) return
    const detail = JSON.stringify({ route: routeName, request_id: requestId })
    await this.#store.auditAppend(identity.tenant, JSON.stringify({ actor: identity.subject, action, subject, detail }))
  }
}

exports.Audit = Audit
