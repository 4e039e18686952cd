'use strict'

/**
 * What became of each tenant's records since the start: a tenant's own view of what Prometheus shows its operator.
 */

/** Tenants that are counted. A collector serves fewer; the bound is for memory. */
const MAX_TENANTS = 10_000

/** @typedef {{ accepted: number, rejected: number, reasons: Record<string, number>,
 *   redactions: Record<string, number> }} TenantCounts */

class Counts {
  /** @type {Map<string, TenantCounts>} */
  #tenants = new Map()
  #since = new Date().toISOString()

  /**
   * @param {string} tenant
   * @param {import('./metrics.js').Counted} verdict
   */
  add (tenant, { accepted, opted_out: optedOut = 0, refused = 0, results, redactions }) {
    const counts = this.#of(tenant)
    if (counts === undefined) return
    counts.accepted += accepted
    for (const [rule, times] of Object.entries(redactions)) {
      counts.redactions[rule] = (counts.redactions[rule] ?? 0) + times
    }
    const count = (/** @type {string} */ reason, /** @type {number} */ times) => {
      if (times === 0) return
      counts.rejected += times
      counts.reasons[reason] = (counts.reasons[reason] ?? 0) + times
    }
    for (const { status, violations } of results) {
      if (status !== 'accepted') count(violations[0]?.code ?? 'defect', 1)
    }
    count('opted_out', optedOut)
    count('erased', refused)
  }

  /** @param {string} tenant */
  of (tenant) {
    return { since: this.#since, ...(this.#tenants.get(tenant) ?? none()) }
  }

  /** @param {string} tenant */
  #of (tenant) {
    let counts = this.#tenants.get(tenant)
    if (counts === undefined && this.#tenants.size < MAX_TENANTS) {
      counts = none()
      this.#tenants.set(tenant, counts)
    }
    return counts
  }
}

/** @returns {TenantCounts} */
function none () {
  return { accepted: 0, rejected: 0, reasons: {}, redactions: {} }
}

exports.Counts = Counts
