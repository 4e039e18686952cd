import { get } from '../api.js'
import { chart, lines } from '../chart.js'
import { el, empty, figures, table } from '../dom.js'
import { count } from '../format.js'

/** Rows of the list of events. */
const TOP = 12

/** Selection of events by the page's filters. @param {any} selection */
function wanted ({ start_time, end_time, channel, name }) {
  return { start_time, end_time, channel, event: name }
}

export const overTime = {
  id: 'events',
  title: 'Events over time',
  size: 'wide',
  roles: ['viewer', 'analyst', 'admin'],
  async load (/** @type {any} */ { selection, signal }) {
    return get('/metrics/aggregate', { ...wanted(selection), interval: selection.interval, group_by: 'channel', limit: 20_000 }, signal)
  },
  draw (/** @type {any} */ { buckets }, /** @type {any} */ { selection }) {
    if (buckets.length === 0) {
      return empty('No events in this range. Point a client at this collector (', el('code', {}, 'client.endpoint'),
        '), or choose a longer range. ', el('code', {}, 'scrubjay doctor'), ' says what keeps a client from sending.')
    }
    const { times, series } = lines(buckets, selection, (bucket) => bucket.count, ({ channel }) => channel ?? '(no channel)')
    const total = buckets.reduce((/** @type {number} */ sum, /** @type {any} */ bucket) => sum + bucket.count, 0)
    return el('div', {}, figures([['Events', count(total)], ['Channels', count(new Set(buckets.map((/** @type {any} */ b) => b.group.channel)).size)]]),
      chart('Events over time, a line for each channel', times, series, count))
  }
}

export const top = {
  id: 'top',
  title: 'Top events',
  roles: ['viewer', 'analyst', 'admin'],
  async load (/** @type {any} */ { selection, signal }) {
    return get('/metrics/aggregate', { ...wanted(selection), group_by: 'channel,event', limit: 20_000 }, signal)
  },
  draw (/** @type {any} */ { buckets }, /** @type {any} */ { filters }) {
    if (buckets.length === 0) return empty('Nothing to rank yet.')
    const sorted = [...buckets].sort((a, b) => b.count - a.count)
    const most = sorted[0].count
    const rows = sorted.slice(0, TOP).map(({ group, count: n }) => [
      el('button', { type: 'button', class: 'link', title: 'Show only this event', onclick: () => filters.choose('name', group.event ?? '') }, group.event ?? '–'),
      group.channel ?? '–',
      [count(n), n / most]
    ])
    const more = sorted.length > TOP ? el('p', { class: 'note' }, `and ${count(sorted.length - TOP)} more`) : null
    return el('div', {}, table('Top events', [{ name: 'Event' }, { name: 'Channel' }, { name: 'Count', bar: true }], rows), more)
  }
}
