import { get } from '../api.js'
import { chart, lines } from '../chart.js'
import { el, empty, table } from '../dom.js'
import { count, figure, share } from '../format.js'

const METRIC = 'telemetry_metric_v1'
const FIGURES = 'count,avg,p50,p95,p99'
const OPT_OUT = 'telemetry.opt_out_ratio'

/** What clients say of their own books. */
const LEDGER = 'scrubjay.client.records'

export const distributions = {
  id: 'metrics',
  title: 'Metrics',
  roles: ['viewer', 'analyst', 'admin'],
  async load (/** @type {any} */ { selection: { start_time, end_time, name }, signal }) {
    return get('/metrics/aggregate', { schema: METRIC, start_time, end_time, event: name, field: '/value', aggregation: FIGURES, group_by: 'event', limit: 20_000 }, signal)
  },
  draw (/** @type {any} */ { buckets }, /** @type {any} */ { filters }) {
    if (buckets.length === 0) return empty('No metrics in this range. Send one with ', el('code', {}, 'track_metric'), ' or ', el('code', {}, 'measure'), '.')
    const sorted = [...buckets].sort((a, b) => b.count - a.count)
    const rows = sorted.map(({ group, count: n, avg, p50, p95, p99 }) => [
      el('button', { type: 'button', class: 'link', title: 'Show only this metric', onclick: () => filters.choose('name', group.event ?? '') }, group.event ?? '–'),
      count(n), figure(avg), figure(p50), figure(p95), figure(p99)
    ])
    const columns = ['Count', 'Mean', 'p50', 'p95', 'p99'].map((name) => ({ name, number: true }))
    return table('Metrics with their percentiles', [{ name: 'Metric' }, ...columns], rows)
  }
}

export const catalog = {
  id: 'catalog',
  title: 'Catalogue',
  size: 'wide',
  roles: ['viewer', 'analyst', 'admin'],
  async load (/** @type {any} */ { selection: { start_time, end_time, interval }, signal, overview }) {
    const names = overview.catalog.map((/** @type {any} */ metric) => metric.name)
    const answer = await get('/metrics/aggregate', { schema: METRIC, start_time, end_time, interval, field: '/value', aggregation: 'count,avg,p95', group_by: 'event', limit: 20_000 }, signal)
    return { buckets: answer.buckets.filter((/** @type {any} */ { group }) => names.includes(group.event)) }
  },
  draw (/** @type {any} */ { buckets }, /** @type {any} */ { selection, overview, counts }) {
    const total = counts === undefined ? 0 : counts.accepted + counts.rejected
    const opted = counts?.reasons.opted_out ?? 0
    const ratio = el('p', {}, 'Opt-out ratio since the start: ', el('strong', {}, total === 0 ? '–' : share(opted / total)))
    if (buckets.length === 0) {
      return el('div', {}, ratio, empty('None of the catalogue’s metrics in this range: frames per second, frame time, cursor latency, snapshot duration, replay rate.'))
    }
    const charts = overview.catalog.map(({ name, unit, description }) => {
      const own = buckets.filter((/** @type {any} */ { group }) => group.event === name)
      if (own.length === 0 || name === OPT_OUT) return null
      const mean = lines(own, selection, (bucket) => bucket.avg, () => 'mean', false)
      const high = lines(own, selection, (bucket) => bucket.p95, () => 'p95', false)
      return el('div', {}, el('h3', {}, `${name} (${unit})`), el('p', { class: 'note' }, description),
        chart(`${name} over time: mean and 95th percentile`, mean.times, [...mean.series, ...high.series]))
    })
    return el('div', {}, ratio, el('div', { class: 'charts' }, ...charts))
  }
}

export const clients = {
  id: 'clients',
  title: 'Clients’ own books',
  roles: ['viewer', 'analyst', 'admin'],
  async load (/** @type {any} */ { selection: { start_time, end_time }, signal }) {
    const common = { schema: METRIC, start_time, end_time, field: '/value', event: LEDGER }
    return get('/metrics/aggregate', { ...common, aggregation: 'sum', group_by: '/attributes/outcome,/attributes/reason' }, signal)
  },
  draw (/** @type {any} */ { buckets }) {
    if (buckets.length === 0) {
      return empty('No client reports its own books. They are switched on by ', el('code', {}, 'client.metrics'), '; then what was accepted, delivered and dropped stands here.')
    }
    const rows = buckets.map(({ group, sum }) => [group['/attributes/outcome'] ?? '–', group['/attributes/reason'] ?? '', count(sum)])
    return table('Records by what became of them in clients', [{ name: 'Outcome' }, { name: 'Reason' }, { name: 'Records', number: true }], rows)
  }
}
