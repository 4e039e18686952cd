'use strict'

/**
 * Who read or changed what: entries of the store's audit trail, which is a chain of hashes. They say who, what and
 * where, and never which person was asked for.
 */
class Audit {
  #store

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
    await this.write(request, action, '')
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
