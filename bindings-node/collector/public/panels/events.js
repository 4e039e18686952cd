import { MAX_BUCKETS, get } from '../api.js'
import { chart, lines } from '../chart.js'
import { el, empty, table } from '../dom.js'
import { count } from '../format.js'

const EVENT = 'telemetry_event_v1'
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
  follows: ['range', 'channel', 'name'],
  async load (/** @type {any} */ { selection, signal }) {
    return get('/metrics/aggregate', { ...wanted(selection), interval: selection.interval, group_by: 'channel', limit: MAX_BUCKETS }, signal)
  },
  draw (/** @type {any} */ { buckets }, /** @type {any} */ { selection }) {
    if (buckets.length === 0) {
      return empty('No events in this range. Point a client at this collector (', el('code', {}, 'client.endpoint'),
        '), or choose a longer range. ', el('code', {}, 'scrubjay doctor'), ' says what keeps a client from sending.')
    }
    const { times, series } = lines(buckets, selection, (bucket) => bucket.count, ({ channel }) => channel ?? '(no channel)')
    const about = `Events per ${selection.intervalName}, a line for each channel`
    return el('div', {}, el('p', { class: 'note' }, about), chart(about, times, series, count))
  }
}

export const top = {
  id: 'top',
  title: 'Top events',
  roles: ['viewer', 'analyst', 'admin'],
  follows: ['range', 'channel', 'name'],
  async load (/** @type {any} */ { selection, names, signal }) {
    const answer = await names()
    // More names than an answer holds, and nobody knows which are left out.
    return answer.truncated
      ? get('/metrics/aggregate', { ...wanted(selection), schema: EVENT, group_by: 'schema,channel,event', top: TOP }, signal)
      : answer
  },
  draw (/** @type {any} */ { buckets }, /** @type {any} */ { filters }) {
    const sorted = buckets.filter((/** @type {any} */ { group }) => group.schema === EVENT)
      .sort((/** @type {any} */ a, /** @type {any} */ b) => b.count - a.count)
    if (sorted.length === 0) return empty('Nothing to rank yet.')
    const most = sorted[0].count
    // Channels of names that are filtered by are few; the fields offer all that were seen.
    filters.offer('names', sorted.map((/** @type {any} */ { group }) => group.event ?? ''))
    filters.offer('channels', [...new Set(sorted.map((/** @type {any} */ { group }) => group.channel ?? ''))])
    const rows = sorted.slice(0, TOP).map((/** @type {any} */ { group, count: n }) => [
      el('button', { type: 'button', class: 'link', title: 'Show only this event', onclick: () => filters.choose('name', group.event ?? '') }, group.event ?? '–'),
      el('button', { type: 'button', class: 'link', title: 'Show only this channel', onclick: () => filters.choose('channel', group.channel ?? '') }, group.channel ?? '–'),
      [count(n), n / most]
    ])
    const more = sorted.length > TOP ? el('p', { class: 'note' }, `and ${count(sorted.length - TOP)} more`) : null
    return el('div', {}, table('Top events', [{ name: 'Event' }, { name: 'Channel' }, { name: 'Count', bar: true }], rows), more)
  }
}
