import { get } from '../api.js'
import { el, empty, table } from '../dom.js'
import { count, duration, time } from '../format.js'
import { latest } from './latest.js'

const SPAN = 'telemetry_span_v1'
/** Spans of which the latest traces are made. */
const RECENT_SPANS = 300
/** Spans that are asked for of one trace: a page. */
const TRACE_SPANS = 1_000
const SHOWN_TRACES = 12
const SHOWN_SPANS = 200

const NS_PER_US = 1_000n
const US_PER_MS = 1_000

/** Milliseconds since 1970, to the microsecond: nanoseconds do not fit a number. @param {string} nanoseconds */
const ms = (nanoseconds) => Number(BigInt(nanoseconds) / NS_PER_US) / US_PER_MS
/** @param {any} span */
const startOf = (span) => ms(span.start_time_unix_nano)
/** @param {any} span */
const endOf = (span) => ms(span.end_time_unix_nano)
/** @param {any} span */
const failed = (span) => span.status?.code === 'error' || span.status?.code === 2
/** @param {any} span */
const traceOf = (span) => span.trace_id
/** @param {any} span */
const idOf = (span) => span.span_id

/** Spans in the order of a tree, each with its depth; a parent that is not there counts as the root. @param {any[]} spans */
function tree (spans) {
  const ids = new Set(spans.map(idOf))
  /** @type {Map<string, any[]>} */
  const children = new Map()
  for (const span of [...spans].sort((a, b) => startOf(a) - startOf(b))) {
    const parent = ids.has(span.parent_span_id) && span.parent_span_id !== idOf(span) ? span.parent_span_id : ''
    children.set(parent, [...(children.get(parent) ?? []), span])
  }
  const ordered = []
  const open = (children.get('') ?? []).map((span) => ({ span, depth: 0 })).reverse()
  while (open.length > 0 && ordered.length < SHOWN_SPANS) {
    const next = /** @type {{ span: any, depth: number }} */ (open.pop())
    ordered.push(next)
    const below = children.get(idOf(next.span)) ?? []
    children.delete(idOf(next.span))
    open.push(...below.map((span) => ({ span, depth: next.depth + 1 })).reverse())
  }
  return ordered
}

/** @param {any[]} spans */
function waterfall (spans) {
  const first = Math.min(...spans.map(startOf))
  const length = Math.max(...spans.map(endOf)) - first || 1
  const rows = tree(spans).flatMap(({ span, depth }) => {
    const bar = el('i', { class: failed(span) ? 'error' : '' })
    bar.style.left = `${(startOf(span) - first) / length * 100}%`
    bar.style.width = `${(endOf(span) - startOf(span)) / length * 100}%`
    const name = el('div', { class: 'name', title: span.name, role: 'listitem' }, span.name, failed(span) ? ' (error)' : '')
    name.style.paddingLeft = `${depth * 0.9}rem`
    return [name, el('div', { class: 'lane', 'aria-hidden': 'true' }, bar), el('div', { class: 'number' }, duration(endOf(span) - startOf(span)))]
  })
  return el('div', { class: 'waterfall', role: 'list', 'aria-label': 'Spans of the trace, by their start' }, ...rows)
}

/** The trace that is open, over refreshes; emptied when the session ends. */
const place = el('div', {})

/** Closes the open trace. */
export function forget () {
  place.replaceChildren()
}

/**
 * The latest interval, or several, with about as many spans as are asked for.
 *
 * @param {Array<{ start: string, count: number }>} buckets spans over time
 */
function lastOf (buckets) {
  let [start, count] = ['', 0]
  for (const bucket of [...buckets].reverse()) {
    if (count > 0 && count + bucket.count > RECENT_SPANS) break
    start = bucket.start
    count += bucket.count
  }
  return { startMs: Date.parse(start), count }
}

export const traces = {
  id: 'traces',
  title: 'Traces',
  size: 'wide',
  roles: ['analyst', 'admin'],
  follows: ['range'],
  async load (/** @type {any} */ { selection: { start_time, end_time, interval, startMs, endMs }, signal }) {
    const { buckets } = await get('/metrics/aggregate', { schema: SPAN, start_time, end_time, interval, group_by: 'schema' }, signal)
    if (buckets.length === 0) return { records: [] }
    const ask = (/** @type {number} */ from) =>
      get('/records', { schema: SPAN, start_time: new Date(from).toISOString(), end_time, limit: RECENT_SPANS }, signal)
    const last = lastOf(buckets)
    return { records: await latest(ask, { startMs: Math.max(startMs, last.startMs), endMs, count: last.count }, RECENT_SPANS) }
  },
  draw (/** @type {any} */ { records }, /** @type {any} */ { selection }) {
    if (records.length === 0) return empty('No spans in this range. A client makes them with ', el('code', {}, 'span'), '; OpenTelemetry sends them to ', el('code', {}, '/v1/traces'), '.')
    /** @type {Map<string, any[]>} */
    const found = new Map()
    for (const span of records) {
      const spans = found.get(traceOf(span))
      if (spans === undefined) found.set(traceOf(span), [span])
      else spans.push(span)
    }
    const shown = [...found].sort(([, a], [, b]) => startOf(b[0]) - startOf(a[0])).slice(0, SHOWN_TRACES)
    const show = async (/** @type {string} */ id) => {
      place.setAttribute('aria-busy', 'true')
      try {
        const { start_time, end_time } = selection
        const whole = await get(`/traces/${id}`, { start_time, end_time, limit: TRACE_SPANS })
        place.replaceChildren(
          el('h3', {}, 'Trace ', el('code', {}, id), ' ', el('button', { type: 'button', onclick: forget }, 'Close')), waterfall(whole.records))
      } catch (error) {
        place.replaceChildren(el('p', { class: 'fault', role: 'alert' }, /** @type {Error} */ (error).message))
      } finally {
        place.removeAttribute('aria-busy')
      }
    }
    const rows = shown.map(([id, spans]) => {
      const root = tree(spans)[0]?.span
      const length = Math.max(...spans.map(endOf)) - Math.min(...spans.map(startOf))
      return [
        el('button', { type: 'button', class: 'link', onclick: () => show(id) }, root?.name ?? id),
        { value: startOf(root), shown: time(root?.timestamp) }, { value: spans.length, shown: count(spans.length) },
        { value: length, shown: duration(length) },
        spans.some(failed) ? el('span', { class: 'bad' }, 'error') : 'ok'
      ]
    })
    const columns = [{ name: 'First span' }, { name: 'Start', whole: true }, { name: 'Spans', number: true }, { name: 'Duration', number: true }, { name: 'Status' }]
    return el('div', {}, table('Latest traces', columns, rows), place)
  }
}
