/** Lines over time by uPlot, with a legend and the same figures as a table for who cannot see the lines. */

import uPlot from './uPlot.esm.js'
import { el, table, whenIdle } from './dom.js'
import { day, figure, hour, time } from './format.js'

/** As many colours as a reader tells apart; what is beyond is added up. */
export const MAX_LINES = 6
const HEIGHT_PX = 190
/** Rows of the table beside a chart. */
const TABLE_ROWS = 200

/** The theme's colours, as far as they were asked for. @type {Map<string, string>} */
const colours = new Map()

/** @param {string} name */
function colour (name) {
  let found = colours.get(name)
  if (found === undefined) colours.set(name, found = getComputedStyle(document.documentElement).getPropertyValue(name).trim())
  return found
}

/** How far below the window a chart is made before it is seen: two windows or three. */
const AHEAD = '2000px'

/**
 * What each chart holds: what it shows, and, once it was seen, its plot.
 *
 * @typedef {{ times: number[], series: Array<{ name: string, values: Array<number | null> }>, format: (n: number | null | undefined) => string }} Shown
 * @type {Map<Element, { shown: Shown, plot?: any }>}
 */
const held = new Map()

/** Makes a chart. @param {Element} place @param {number} [width] pixels, where they are known */
function make (place, width = Math.max(place.clientWidth, 200)) {
  const holding = held.get(place)
  if (holding === undefined || holding.plot !== undefined) return
  holding.plot = plotIn(/** @type {HTMLElement} */ (place), holding.shown, width)
  sizes.observe(place)
}

/** Charts below the window that are not made yet. @type {Set<Element>} */
const waiting = new Set()
let isPlanned = false

/** Makes the charts that wait one by one: between them the browser does what somebody asks for. */
function plan () {
  if (isPlanned || waiting.size === 0) return
  isPlanned = true
  whenIdle(() => {
    isPlanned = false
    const [place] = waiting
    if (place === undefined) return
    waiting.delete(place)
    make(place)
    plan()
  })
}

// A chart takes as long as all else in its panel, and most stand below the window: they are made when nobody waits.
const seen = new IntersectionObserver((entries) => {
  let isFirst = true
  for (const { target, isIntersecting, boundingClientRect: { top, bottom } } of entries) {
    waiting.delete(target)
    if (!isIntersecting) continue
    if (isFirst && top < innerHeight && bottom > 0) {
      make(target)
      isFirst = false
    } else waiting.add(target)
  }
  plan()
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
    waiting.delete(place)
    held.get(place)?.plot?.destroy()
    held.delete(place)
  }
}

/**
 * Lets go of the charts in `before`, which `after` replaces. The plots of those that were seen go on with the new
 * figures: making one takes several times as long as drawing it.
 *
 * @param {Element} before
 * @param {Element} after
 */
export function succeed (before, after) {
  const heirs = after.querySelectorAll('.chart')
  before.querySelectorAll('.chart').forEach((place, i) => {
    const [old, heir] = [held.get(place), heirs[i]]
    const next = heir === undefined ? undefined : held.get(heir)
    if (old?.plot === undefined || next === undefined) return
    if (likeness(old.shown) !== likeness(next.shown)) return make(/** @type {Element} */ (heir), old.plot.width)
    sizes.unobserve(place)
    next.plot = old.plot
    delete old.plot
    next.plot.show(heir, next.shown)
    sizes.observe(/** @type {Element} */ (heir))
  })
  release(before)
}

/** What a plot is made for; charts that are alike in it may have the same. @param {Shown} shown */
const likeness = ({ times, series }) => `${series.length} ${hasPoints(times)}`

/** Whether there are too few moments for a line. @param {number[]} times */
const hasPoints = (times) => times.length < 3

/** Draws every chart anew, in the colours of the theme. */
export function repaint () {
  colours.clear()
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
  held.set(place, { shown: { times, series, format } })
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
 * @param {HTMLElement} first where it stands, until `show` moves it
 * @param {Shown} shown
 * @param {number} width pixels
 */
function plotIn (first, shown, width) {
  let [place, { times, series, format }] = [first, shown]
  // What stands under the pointer, in words.
  const tip = el('div', { class: 'tip', hidden: true })
  const showTip = (/** @type {any} */ u) => {
    const { idx, left } = u.cursor
    tip.hidden = idx === null || idx === undefined || left < 0 || idx >= times.length
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
    width,
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
      { label: name, stroke: colour(`--c${i % (MAX_LINES + 1)}`), width: 1.75, spanGaps: false, points: { show: hasPoints(times) } }))]
  }
  const dataOf = () => [times.map((ms) => ms / 1_000), ...series.map(({ values }) => values)]
  const plot = new uPlot(options, dataOf(), place)
  place.append(tip)
  const destroy = plot.destroy.bind(plot)
  plot.destroy = () => { tip.remove(); destroy() }
  /** Goes on at another place, with other figures. */
  plot.show = (/** @type {HTMLElement} */ to, /** @type {Shown} */ next) => {
    [place, { times, series, format }] = [to, next]
    tip.hidden = true
    place.append(plot.root, tip)
    plot.setData(dataOf())
  }
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
