import { get } from '../api.js'
import { el, empty, table } from '../dom.js'
import { count, time } from '../format.js'

export const deletions = {
  id: 'deletions',
  title: 'Deletion requests',
  roles: ['privacy_officer', 'admin'],
  follows: [],
  load: (/** @type {any} */ { signal }) => get('/deletions', { limit: 50, order: 'desc' }, signal),
  draw (/** @type {any} */ { deletions: found }) {
    if (found.length === 0) return empty('No user asked for deletion. The route is ', el('code', {}, 'DELETE /api/v1/telemetry/data/{user_id}'), '.')
    const rows = found.map((/** @type {any} */ { requested_at: at, completed_at: done, records, request_id: id }) =>
      [time(at), done === null ? 'under way' : time(done), count(records), el('code', {}, id)])
    return table('Deletion requests', [{ name: 'Asked', whole: true }, { name: 'Completed', whole: true }, { name: 'Records', number: true }, { name: 'Receipt' }], rows)
  }
}

export const audit = {
  id: 'audit',
  title: 'Audit trail',
  roles: ['privacy_officer', 'admin'],
  follows: [],
  async load (/** @type {any} */ { signal }) {
    const [state, page] = await Promise.all([get('/audit/verify', {}, signal), get('/audit', { limit: 50, order: 'desc' }, signal)])
    return { state, page }
  },
  draw (/** @type {any} */ { state, page }) {
    const { entries } = page
    // Anything but the word that it is whole is told as a break.
    const verdict = state.broken_at === null
      ? el('p', {}, state.entries === 1 ? 'The chain of one entry is unbroken.' : `The chain of ${count(state.entries)} entries is unbroken.`)
      : el('p', { class: 'fault' }, 'The chain is broken: somebody changed the trail. Keep a copy and see the incident page of the documentation.')
    const rows = entries.map((/** @type {any} */ { at, actor, action }) => [time(at), actor, action])
    return el('div', {}, verdict, entries.length === 0 ? null : table('Audit trail', [{ name: 'Time', whole: true }, { name: 'Who' }, { name: 'What' }], rows))
  }
}
