'use strict'

/**
 * Deletes a user: here, in what waits to be forwarded, and, by a notice, wherever records were forwarded to (GDPR,
 * article 19).
 */
class Deletion {
  #with

  /**
   * @param {object} dependencies
   * @param {import('scrubjay').Engine} dependencies.engine
   * @param {import('scrubjay').Store} dependencies.store
   * @param {Pick<import('./forwarder.js').Forwarder, 'erase'>} [dependencies.forwarder]
   * @param {Pick<import('./notices.js').Notices, 'add'>} [dependencies.notices]
   */
  constructor (dependencies) {
    this.#with = dependencies
  }

  /**
   * The receipt, once nothing is left here and the notice is on disk. An error on the way leaves the request
   * unanswered; sending it again finishes it.
   *
   * @param {string} tenant
   * @param {string} userId
   * @param {string} actor
   * @returns {Promise<import('scrubjay').Deletion>}
   */
  async run (tenant, userId, actor) {
    const { engine, store, forwarder, notices } = this.#with
    const receipt = await store.deleteUser(engine, tenant, userId, { actor, source: 'api' })
    await forwarder?.erase()
    const { request_id: requestId, user, requested_at: requestedAt } = receipt
    await notices?.add({ request_id: requestId, tenant_id: tenant, user_id: user, requested_at: requestedAt })
    return receipt
  }
}

exports.Deletion = Deletion
