import { el, empty, figures, table } from '../dom.js'
import { bytes, count, time } from '../format.js'

/** Names and counts, the most frequent first. @param {Record<string, number>} counts @param {string} caption @param {string} name */
function ranking (counts, caption, name) {
  const sorted = Object.entries(counts).filter(([, n]) => n > 0).sort(([, a], [, b]) => b - a)
  const most = sorted[0]?.[1] ?? 1
  return table(caption, [{ name }, { name: 'Count', bar: true }], sorted.map(([key, n]) => [key, [count(n), n / most]]))
}

export const rejected = {
  id: 'rejected',
  title: 'Rejected records',
  roles: ['viewer', 'analyst', 'admin'],
  follows: [],
  load: (/** @type {any} */ { counts }) => counts(),
  draw (/** @type {any} */ counts) {
    const about = el('div', {}, figures([['Accepted', count(counts.accepted)], ['Not kept', count(counts.rejected)]]),
      el('p', { class: 'note' }, `Since the collector’s start: ${time(counts.since)}`))
    return el('div', {}, about, counts.rejected === 0
      ? empty('Every record was accepted.')
      : ranking(counts.reasons, 'Records that were not kept, by reason', 'Reason'))
  }
}

export const redactions = {
  id: 'redactions',
  title: 'Redactions by rule',
  roles: ['viewer', 'analyst', 'admin'],
  follows: [],
  load: (/** @type {any} */ { counts }) => counts(),
  draw (/** @type {any} */ counts) {
    const found = counts.redactions
    return Object.values(found).some((n) => n > 0)
      ? el('div', {}, el('p', { class: 'note' }, 'What clients had not scrubbed already: a client that scrubs leaves nothing to do here.'),
        ranking(found, 'Values that this collector replaced, by rule', 'Rule'))
      : empty('Nothing had to be replaced here since the start: clients scrub before they send.')
  }
}

export const storage = {
  id: 'storage',
  title: 'Retention and storage',
  roles: ['viewer', 'analyst', 'privacy_officer', 'admin'],
  follows: [],
  load: (/** @type {any} */ { overview }) => overview(),
  draw (/** @type {any} */ overview) {
    const { retention_days: days, privacy_mode: mode, storage } = overview
    const size = storage === undefined
      ? []
      : [['Records stored', count(storage.records)], ['On disk', bytes(storage.bytes)], ['Days', count(storage.days)]]
    return el('div', {}, figures(/** @type {any} */ ([['Kept for', days, 'days'], ['Privacy mode', mode], ...size])),
      storage === undefined ? el('p', { class: 'note' }, 'Sizes are of all tenants, so only an administrator sees them.') : null)
  }
}
