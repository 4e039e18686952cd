import { get } from '../api.js'
import { el, empty } from '../dom.js'
import { change, count, share } from '../format.js'

/** Kinds of records with a figure of their own; a kind of which there was nothing, now or before, is left out. */
const KINDS = [
  ['telemetry_event_v1', 'Events'], ['telemetry_metric_v1', 'Measurements'], ['telemetry_span_v1', 'Spans'],
  ['telemetry_log_v1', 'Log records'], ['telemetry_trace_v1', 'Decisions traced'], ['perf_sample_v1', 'Performance samples'],
  ['replay_inconsistency_v1', 'Replay inconsistencies']
]

/** Counts by kind. @param {{ buckets: any[] }} answer by kind, or finer */
function byKind ({ buckets }) {
  /** @type {Map<string, number>} */
  const kinds = new Map()
  for (const { group: { schema }, count: n } of buckets) kinds.set(schema, (kinds.get(schema) ?? 0) + n)
  return kinds
}

/** @param {string} name @param {string} figure @param {string} note */
function card (name, figure, note) {
  return el('div', {}, el('dt', {}, name), el('dd', {}, figure, el('small', {}, note)))
}

export const headline = {
  id: 'headline',
  title: 'At a glance',
  size: 'wide',
  roles: ['viewer', 'analyst', 'admin'],
  follows: ['range', 'channel', 'name'],
  async load (/** @type {any} */ { selection, names, counts, signal }) {
    const { startMs, endMs, start_time, end_time, channel, name } = selection
    const before = new Date(startMs - (endMs - startMs)).toISOString()
    const ask = (/** @type {string} */ start, /** @type {string} */ end) =>
      get('/metrics/aggregate', { schema: 'any', start_time: start, end_time: end, channel, event: name, group_by: 'schema' }, signal)
    const [now, then, ingested] = await Promise.all([names(), ask(before, start_time), counts()])
    // More names than an answer holds: kinds are few.
    return { now: byKind(now.truncated ? await ask(start_time, end_time) : now), then: byKind(then), counts: ingested }
  },
  draw (/** @type {any} */ { now, then, counts }) {
    const kinds = KINDS.filter(([schema]) => now.has(schema) || then.has(schema))
    const figures = kinds.map(([schema, name]) => {
      const [n, before] = [now.get(schema) ?? 0, then.get(schema) ?? 0]
      return card(/** @type {string} */ (name), count(n), change(n, before))
    })
    const total = (counts?.accepted ?? 0) + (counts?.rejected ?? 0)
    if (total > 0) {
      figures.push(card('Not kept', share(counts.rejected / total), `${count(counts.rejected)} of ${count(total)} since the collector’s start`))
    }
    if (figures.length === 0) return empty('Nothing was received in this range, nor in the one before.')
    return el('dl', { class: 'headline' }, ...figures)
  }
}
