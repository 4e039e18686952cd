/** Lines over time by uPlot, with a legend and the same figures as a table for who cannot see the lines. */

import uPlot from './uPlot.esm.js'
import { el, table } from './dom.js'
import { figure, time } from './format.js'

/** As many colours as a reader tells apart; what is beyond is added up. */
export const MAX_LINES = 6
const HEIGHT_PX = 190
/** Rows of the table beside a chart. */
const TABLE_ROWS = 200

/** @param {string} name */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** What each chart holds. @type {WeakMap<Element, { observer: ResizeObserver, plot: uPlot }>} */
const held = new WeakMap()

/** Lets go of the charts in `node` before it is replaced. @param {Element} node */
export function release (node) {
  for (const place of node.querySelectorAll('.chart')) {
    const { observer, plot } = held.get(place) ?? {}
    observer?.disconnect()
    plot?.destroy()
  }
}

/**
 * A chart of `series` over `times` (milliseconds). Gaps are null.
 *
 * @param {string} about what a screen reader calls it
 * @param {number[]} times
 * @param {Array<{ name: string, values: Array<number | null> }>} series
 * @param {(n: number | null | undefined) => string} [format]
 */
export function chart (about, times, series, format = figure) {
  const colours = series.map((_, i) => colour(`--c${i % (MAX_LINES + 1)}`))
  const place = el('div', { class: 'chart', role: 'img', 'aria-label': about })
  // What stands under the pointer, in words.
  const tip = el('div', { class: 'tip', hidden: true })
  const axis = { stroke: colour('--quiet'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line') } }
  const options = {
    width: 320,
    height: HEIGHT_PX,
    cursor: { y: false, points: { size: 6 } },
    hooks: { setCursor: [(/** @type {any} */ u) => { showTip(u) }] },
    scales: { y: { range: (/** @type {any} */ _u, /** @type {number} */ min, /** @type {number} */ max) => [Math.min(0, min ?? 0), max > 0 ? max * 1.1 : 1] } },
    axes: [axis, { ...axis, size: 56, values: (/** @type {any} */ _u, /** @type {number[]} */ ticks) => ticks.map((tick) => format(tick)) }],
    series: [{}, ...series.map(({ name }, i) => ({ label: name, stroke: colours[i], width: 1.75, spanGaps: false, points: { show: times.length < 3 } }))]
  }
  const showTip = (/** @type {any} */ u) => {
    const { idx, left } = u.cursor
    tip.hidden = idx === null || idx === undefined || left < 0
    if (tip.hidden) return
    tip.replaceChildren(el('strong', {}, time(times[idx])), ...series.map(({ name, values }, i) => {
      const sign = el('i', { 'aria-hidden': 'true' })
      sign.style.background = colours[i] ?? ''
      return el('div', {}, sign, `${name}: ${format(values[idx])}`)
    }))
    const isRight = left > u.over.clientWidth / 2
    tip.style.left = isRight ? 'auto' : `${u.over.offsetLeft + left + 12}px`
    tip.style.right = isRight ? `${place.clientWidth - u.over.offsetLeft - left + 12}px` : 'auto'
  }
  const data = [times.map((ms) => ms / 1_000), ...series.map(({ values }) => values)]
  const plot = new uPlot(options, data, place)
  place.append(tip)
  const observer = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0)
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT_PX })
  })
  observer.observe(place)
  held.set(place, { observer, plot })
  const legend = el('ul', { class: 'legend' }, ...series.map(({ name }, i) => {
    const sign = el('i', { 'aria-hidden': 'true' })
    sign.style.background = colours[i] ?? ''
    return el('li', {}, sign, name)
  }))
  const columns = [{ name: 'Time' }, ...series.map(({ name }) => ({ name, number: true }))]
  const rows = () => times.map((ms, i) => [time(ms), ...series.map(({ values }) => format(values[i]))]).slice(-TABLE_ROWS)
  const more = el('details', {
    // Made when it is asked for: two hundred rows take longer than the chart.
    ontoggle: () => { if (more.open && more.children.length === 1) more.append(table(about, columns, rows())) }
  }, el('summary', {}, 'As a table'))
  return el('div', {}, el('p', { class: 'note' }, about), legend, place, more)
}

/**
 * Buckets as lines: one for each group, the largest first, the rest added up.
 *
 * @param {Array<{ start: string, group: Record<string, any> }>} buckets
 * @param {{ startMs: number, endMs: number, intervalMs: number }} range
 * @param {(bucket: any) => number | null} value
 * @param {(group: Record<string, any>) => string} name
 * @param {boolean} [adds] whether values add up, so that an absent bucket is zero and the rest is one line
 */
export function lines (buckets, { startMs, endMs, intervalMs }, value, name, adds = true) {
  const times = []
  for (let ms = startMs; ms < endMs; ms += intervalMs) times.push(ms)
  /** @type {Map<string, { total: number, values: Array<number | null> }>} */
  const found = new Map()
  for (const bucket of buckets) {
    const at = Math.floor((Date.parse(bucket.start) - startMs) / intervalMs)
    const read = value(bucket)
    if (at < 0 || at >= times.length || read === null || read === undefined) continue
    const key = name(bucket.group ?? {})
    let line = found.get(key)
    if (line === undefined) found.set(key, line = { total: 0, values: new Array(times.length).fill(adds ? 0 : null) })
    line.values[at] = adds ? (line.values[at] ?? 0) + read : read
    line.total += read
  }
  const sorted = [...found].sort(([, a], [, b]) => b.total - a.total).map(([key, { values }]) => ({ name: key, values }))
  const shown = sorted.slice(0, MAX_LINES)
  const rest = sorted.slice(MAX_LINES)
  if (rest.length > 0 && adds) {
    const values = times.map((_, i) => rest.reduce((sum, line) => sum + (line.values[i] ?? 0), 0))
    shown.push({ name: `${rest.length} others`, values })
  }
  return { times, series: shown }
}
