/** Numbers and times as people read them, in the browser's language. */

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })
const precise = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 })
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 })
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' })

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const date = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' })

/** @param {Date} at */
export const hour = (at) => clock.format(at)
/** @param {Date} at */
export const day = (at) => date.format(at)

/** From here on a count is shortened. */
const LONG_COUNT = 100_000

/** From here on a change is told as a factor. */
const MANY_TIMES = 10

/** @param {number | null | undefined} n */
export function count (n) {
  if (n === null || n === undefined) return '–'
  return n >= LONG_COUNT ? short.format(n) : whole.format(n)
}

/** @param {number | null | undefined} n */
export function figure (n) {
  return n === null || n === undefined ? '–' : precise.format(n)
}

/** @param {number} share of 1 */
export function share (share) {
  return percent.format(share)
}

/** @param {string | number | null | undefined} time RFC 3339, or milliseconds since 1970 */
export function time (time) {
  return time === null || time === undefined ? '–' : moment.format(new Date(time))
}

/** @param {number | null | undefined} n bytes, in binary units (IEC 80000-13) */
export function bytes (n) {
  if (n === null || n === undefined) return '–'
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, n < 1 ? 0 : Math.floor(Math.log2(n) / 10))
  return `${precise.format(n / 1024 ** power)} ${units[power]}`
}

/** @param {number} ms */
export function duration (ms) {
  if (ms < 1) return `${figure(ms * 1_000)} μs`
  return ms < 1_000 ? `${figure(ms)} ms` : `${figure(ms / 1_000)} s`
}

/**
 * How a count changed: `+12 % against the period before`, or in words where a share says nothing.
 *
 * @param {number} now
 * @param {number} before
 */
export function change (now, before) {
  if (before === 0) return now === 0 ? 'none, as before' : 'none in the period before'
  return `${changed(now, before)} against the period before`
}

/** @param {number} now @param {number} before */
function changed (now, before) {
  if (now === before) return 'no change'
  const ratio = now / before - 1
  // Ten times as much is easier read as that than as +900 %.
  return ratio >= MANY_TIMES - 1 ? `${figure(Math.round(now / before))} times as many` : `${ratio > 0 ? '+' : ''}${percent.format(ratio)}`
}
