'use strict'

/**
 * What became of each tenant's records since the start: a tenant's own view of what Prometheus shows its operator.
 */

/** Tenants that are counted. A collector serves fewer; the bound is for memory. */
const MAX_TENANTS = 10_000

/** @typedef {{ accepted: number, rejected: number, reasons: Record<string, number> }} TenantCounts */

class Counts {
  /** @type {Map<string, TenantCounts>} */
  #tenants = new Map()
  #since = new Date().toISOString()

  /**
   * @param {string} tenant
   * @param {import('./metrics.js').Counted} verdict
   */
  add (tenant, { accepted, opted_out: optedOut = 0, refused = 0, results }) {
    const counts = this.#of(tenant)
    if (counts === undefined) return
    counts.accepted += accepted
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
    const { accepted, rejected, reasons } = this.#tenants.get(tenant) ?? { accepted: 0, rejected: 0, reasons: {} }
    return { since: this.#since, accepted, rejected, reasons }
  }

  /** @param {string} tenant */
  #of (tenant) {
    let counts = this.#tenants.get(tenant)
    if (counts === undefined && this.#tenants.size < MAX_TENANTS) {
      counts = { accepted: 0, rejected: 0, reasons: {} }
      this.#tenants.set(tenant, counts)
    }
    return counts
  }
}

exports.Counts = Counts
