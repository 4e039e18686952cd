/** Lines over time by uPlot, with a legend and the same figures as a table for who cannot see the lines. */

import uPlot from './uPlot.esm.js'
import { el, table } from './dom.js'
import { day, figure, hour, time } from './format.js'

/** As many colours as a reader tells apart; what is beyond is added up. */
export const MAX_LINES = 6
const HEIGHT_PX = 190
/** Rows of the table beside a chart. */
const TABLE_ROWS = 200

/** @param {string} name */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** How far below the window a chart is made before it is seen. */
const AHEAD = '200px'

/** What each chart holds: how it is made, and, once it was seen, the plot. @type {Map<Element, { make: () => uPlot, plot?: uPlot }>} */
const held = new Map()

/** Makes a chart. @param {Element} place */
function make (place) {
  const holding = held.get(place)
  if (holding === undefined || holding.plot !== undefined) return
  holding.plot = holding.make()
  sizes.observe(place)
}

// A chart takes as long as all else in its panel, and most stand below the window.
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting) make(target)
}, { rootMargin: AHEAD })

const sizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const plot = held.get(target)?.plot
    const width = Math.floor(contentRect.width)
    if (plot !== undefined && width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT_PX })
  }
})

addEventListener('beforeprint', () => { for (const place of held.keys()) make(place) })

/** Lets go of the charts in `node` before it is replaced. @param {Element} node */
export function release (node) {
  for (const place of node.querySelectorAll('.chart')) {
    seen.unobserve(place)
    sizes.unobserve(place)
    held.get(place)?.plot?.destroy()
    held.delete(place)
  }
}

/** Draws every chart anew, in the colours of the theme. */
export function repaint () {
  for (const [place, holding] of held) {
    holding.plot?.destroy()
    delete holding.plot
    seen.unobserve(place)
    seen.observe(place)
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
  const place = el('div', { class: 'chart', role: 'img', 'aria-label': about })
  held.set(place, { make: () => plotIn(place, times, series, format) })
  seen.observe(place)
  const legend = el('ul', { class: 'legend' }, ...series.map(({ name }, i) => el('li', {}, el('i', { class: signOf(i), 'aria-hidden': 'true' }), name)))
  const columns = [{ name: 'Time' }, ...series.map(({ name }) => ({ name, number: true }))]
  const rows = () => times.map((ms, i) => [time(ms), ...series.map(({ values }) => format(values[i]))]).slice(-TABLE_ROWS)
  const more = el('details', {
    // Made when it is asked for: two hundred rows take longer than the chart.
    ontoggle: () => { if (more.open && more.children.length === 1) more.append(table(about, columns, rows())) }
  }, el('summary', {}, 'As a table'))
  return el('div', {}, legend, place, more)
}

/** The class with the colour of the i-th line. @param {number} i */
const signOf = (i) => `sign c${i % (MAX_LINES + 1)}`

/**
 * @param {HTMLElement} place
 * @param {number[]} times
 * @param {Array<{ name: string, values: Array<number | null> }>} series
 * @param {(n: number | null | undefined) => string} format
 */
function plotIn (place, times, series, format) {
  // What stands under the pointer, in words.
  const tip = el('div', { class: 'tip', hidden: true })
  const showTip = (/** @type {any} */ u) => {
    const { idx, left } = u.cursor
    tip.hidden = idx === null || idx === undefined || left < 0
    if (tip.hidden) return
    tip.replaceChildren(el('strong', {}, time(times[idx])), ...series.map(({ name, values }, i) =>
      el('div', {}, el('i', { class: signOf(i), 'aria-hidden': 'true' }), `${name}: ${format(values[idx])}`)))
    const isRight = left > u.over.clientWidth / 2
    tip.style.left = isRight ? 'auto' : `${u.over.offsetLeft + left + 12}px`
    tip.style.right = isRight ? `${place.clientWidth - u.over.offsetLeft - left + 12}px` : 'auto'
  }
  const [quiet, grid] = [colour('--quiet'), colour('--line')]
  const axis = { stroke: quiet, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid } }
  const options = {
    width: Math.max(place.clientWidth, 200),
    height: HEIGHT_PX,
    cursor: { y: false, points: { size: 6 } },
    hooks: { setCursor: [showTip] },
    legend: { show: false },
    scales: { y: { range: (/** @type {any} */ _u, /** @type {number} */ min, /** @type {number} */ max) => [Math.min(0, min ?? 0), max > 0 ? max * 1.1 : 1] } },
    axes: [
      { ...axis, space: 80, values: (/** @type {any} */ _u, /** @type {number[]} */ ticks, /** @type {any} */ _a, /** @type {any} */ _s, /** @type {number} */ step) => moments(ticks, step) },
      { ...axis, size: 56, values: (/** @type {any} */ _u, /** @type {number[]} */ ticks) => ticks.map((tick) => format(tick)) }
    ],
    series: [{}, ...series.map(({ name }, i) => (
      { label: name, stroke: colour(`--c${i % (MAX_LINES + 1)}`), width: 1.75, spanGaps: false, points: { show: times.length < 3 } }))]
  }
  const plot = new uPlot(options, [times.map((ms) => ms / 1_000), ...series.map(({ values }) => values)], place)
  place.append(tip)
  const destroy = plot.destroy.bind(plot)
  plot.destroy = () => { tip.remove(); destroy() }
  return plot
}

const DAY_S = 86_400

/** Ticks of the time axis: the day where it begins, else the hour. @param {number[]} ticks @param {number} step both in seconds */
function moments (ticks, step) {
  return ticks.map((tick, i) => {
    const at = new Date(tick * 1_000)
    if (step >= DAY_S) return day(at)
    const isNew = i === 0 || new Date(/** @type {number} */ (ticks[i - 1]) * 1_000).getDate() !== at.getDate()
    return isNew ? `${hour(at)}\n${day(at)}` : hour(at)
  })
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
