import { MAX_BUCKETS, get } from '../api.js'
import { chart, lines } from '../chart.js'
import { el, empty, figures, table } from '../dom.js'
import { count, figure, share } from '../format.js'

const METRIC = 'telemetry_metric_v1'
const FIGURES = 'count,avg,p50,p95,p99'
const OPT_OUT = 'telemetry.opt_out_ratio'

/** What clients say of their own books. */
const LEDGER = 'scrubjay.client.records'
/** What waits in a client, at the moment it says so. */
const WAITING = 'scrubjay.client.pending'

export const distributions = {
  id: 'metrics',
  title: 'Metrics',
  roles: ['viewer', 'analyst', 'admin'],
  follows: ['range', 'name'],
  async load (/** @type {any} */ { selection: { start_time, end_time, name }, signal }) {
    return get('/metrics/aggregate', { schema: METRIC, start_time, end_time, event: name, field: '/value', aggregation: FIGURES, group_by: 'event', limit: MAX_BUCKETS }, signal)
  },
  draw (/** @type {any} */ { buckets }, /** @type {any} */ { filters }) {
    if (buckets.length === 0) return empty('No metrics in this range. Send one with ', el('code', {}, 'track_metric'), ' or ', el('code', {}, 'measure'), '.')
    const sorted = [...buckets].sort((a, b) => b.count - a.count)
    const rows = sorted.map(({ group, count: n, avg, p50, p95, p99 }) => [
      el('button', { type: 'button', class: 'link', title: 'Show only this metric', onclick: () => filters.choose('name', group.event ?? '') }, group.event ?? '–'),
      { value: n, shown: count(n) }, ...[avg, p50, p95, p99].map((value) => ({ value, shown: figure(value) }))
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
  follows: ['range'],
  async load (/** @type {any} */ { selection: { start_time, end_time, interval }, signal, overview, counts }) {
    const [setup, ingested, answer] = await Promise.all([overview(), counts(), get('/metrics/aggregate', {
      schema: METRIC, start_time, end_time, interval, field: '/value', aggregation: 'avg,p95', group_by: 'event', limit: MAX_BUCKETS
    }, signal)])
    const names = setup.catalog.map((/** @type {any} */ metric) => metric.name)
    return { overview: setup, counts: ingested, buckets: answer.buckets.filter((/** @type {any} */ { group }) => names.includes(group.event)) }
  },
  draw (/** @type {any} */ { buckets, overview, counts }, /** @type {any} */ { selection }) {
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

/** What stands in the first column of the clients' books. @type {Record<string, string>} */
const OUTCOMES = { delivered: 'Delivered', dropped: 'Dropped' }

export const clients = {
  id: 'clients',
  title: 'Clients’ own books',
  roles: ['viewer', 'analyst', 'admin'],
  follows: ['range'],
  async load (/** @type {any} */ { selection: { start_time, end_time }, signal }) {
    const common = { schema: METRIC, start_time, end_time, field: '/value' }
    const [ended, waiting] = await Promise.all([
      get('/metrics/aggregate', { ...common, event: LEDGER, aggregation: 'sum', group_by: '/attributes/outcome,/attributes/reason' }, signal),
      get('/metrics/aggregate', { ...common, event: WAITING, aggregation: 'max' }, signal)
    ])
    return { ended: ended.buckets, waiting: waiting.buckets[0]?.max ?? null }
  },
  draw (/** @type {any} */ { ended, waiting }) {
    if (ended.length === 0 && waiting === null) {
      return empty('No client reports its own books in this range. ', el('code', {}, 'client.self_metrics'),
        ' switches that on; then what was delivered, waits and was dropped stands here, with the reason.')
    }
    const of = (/** @type {any} */ { group }) => group['/attributes/outcome'] ?? '–'
    const total = ended.reduce((/** @type {number} */ sum, /** @type {any} */ bucket) => sum + bucket.sum, 0)
    const lost = ended.filter((/** @type {any} */ bucket) => of(bucket) === 'dropped').reduce((/** @type {number} */ sum, /** @type {any} */ bucket) => sum + bucket.sum, 0)
    const rows = [...ended].sort((a, b) => b.sum - a.sum).map((bucket) =>
      [OUTCOMES[of(bucket)] ?? of(bucket), bucket.group['/attributes/reason'] ?? '', [count(bucket.sum), total === 0 ? 0 : bucket.sum / total]])
    return el('div', {},
      figures([['Ended in clients', count(total)], ['Of these lost', total === 0 ? '–' : share(lost / total)], ['Waited at most, in one client', count(waiting)]]),
      table('Records by what became of them in clients', [{ name: 'Outcome' }, { name: 'Reason' }, { name: 'Records', bar: true }], rows))
  }
}
