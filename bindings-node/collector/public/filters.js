/** What is shown: range of time, channel, name. It stands in the address, so that a view can be sent to somebody. */

import { get } from './api.js'
import { el } from './dom.js'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Each range with the interval that gives between 24 and 180 points. */
const RANGES = {
  '1h': { name: 'Last hour', ms: HOUR_MS, interval: '1m' },
  '6h': { name: 'Last 6 hours', ms: 6 * HOUR_MS, interval: '5m' },
  '24h': { name: 'Last 24 hours', ms: DAY_MS, interval: '15m' },
  '7d': { name: 'Last 7 days', ms: 7 * DAY_MS, interval: '1h' },
  '30d': { name: 'Last 30 days', ms: 30 * DAY_MS, interval: '6h' },
  '90d': { name: 'Last 90 days', ms: 90 * DAY_MS, interval: '1d' }
}
const DEFAULT_RANGE = '24h'
const REFRESH_MS = 10_000
/** How long after a choice the address follows: by then its figures are there, and the browser takes two frames' time for it. */
const ADDRESS_MS = 300
/** Names in a list to choose from; more than anybody reads. */
const MAX_OFFERED = 200

/** What is asked for ahead, and how much a day may hold for that: counting it takes the collector a moment for each day. */
const WARM_MS = 30 * DAY_MS
const WARM_RECORDS_A_DAY = 250_000

/** Milliseconds of each interval. */
const INTERVALS = { '1m': MINUTE_MS, '5m': 5 * MINUTE_MS, '15m': 15 * MINUTE_MS, '1h': HOUR_MS, '6h': 6 * HOUR_MS, '1d': DAY_MS }

const INTERVAL_NAMES = { '1m': 'minute', '5m': '5 minutes', '15m': '15 minutes', '1h': 'hour', '6h': '6 hours', '1d': 'day' }

/** Reads the view from the address. */
function fromAddress () {
  const hash = new URLSearchParams(location.hash.slice(1))
  const range = hash.get('range') ?? DEFAULT_RANGE
  return {
    range: Object.hasOwn(RANGES, range) ? range : DEFAULT_RANGE,
    channel: hash.get('channel') ?? '',
    name: hash.get('name') ?? '',
    refresh: hash.get('refresh') !== 'off'
  }
}

/** What stands in the address for a view. @param {ReturnType<typeof fromAddress>} view */
function toAddress ({ range, channel, name, refresh }) {
  const hash = new URLSearchParams({ range })
  if (channel !== '') hash.set('channel', channel)
  if (name !== '') hash.set('name', name)
  if (!refresh) hash.set('refresh', 'off')
  return hash
}

export class Filters {
  #form
  #onchange
  #view = fromAddress()
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #addressing
  #clear = el('button', { type: 'button', id: 'clear', onclick: () => this.#go({ ...this.#view, channel: '', name: '' }) }, 'Show everything')

  /** @param {HTMLFormElement} form @param {(changed?: string[]) => void} onchange what changed; nothing is everything */
  constructor (form, onchange) {
    this.#form = form
    this.#onchange = onchange
    form.addEventListener('submit', (event) => event.preventDefault())
    // Somebody goes back, or writes into the address.
    addEventListener('hashchange', () => {
      clearTimeout(this.#addressing)
      this.#take(fromAddress())
    })
  }

  /** Shows another view; who asks is told what changed. @param {ReturnType<typeof fromAddress>} view */
  #take (view) {
    const before = /** @type {Record<string, any>} */ (this.#view)
    const changed = Object.entries(view).filter(([key, value]) => before[key] !== value).map(([key]) => key)
    if (changed.length === 0) return
    this.#view = view
    this.#onchange(changed)
    this.#show()
  }

  /** Milliseconds between refreshes; nothing where they are off. */
  get refreshMs () {
    return this.#view.refresh ? REFRESH_MS : undefined
  }

  /**
   * What panels ask for: the range ends now.
   *
   * @returns {{ start_time: string, end_time: string, interval: string, intervalName: string, intervalMs: number, startMs: number, endMs: number,
   *   channel: string, name: string }}
   */
  get selection () {
    const { ms, interval } = RANGES[/** @type {keyof typeof RANGES} */ (this.#view.range)]
    const intervalMs = INTERVALS[/** @type {keyof typeof INTERVALS} */ (interval)]
    const endMs = Date.now()
    const startMs = Math.floor((endMs - ms) / intervalMs) * intervalMs
    return {
      start_time: new Date(startMs).toISOString(),
      end_time: new Date(endMs).toISOString(),
      interval,
      intervalName: INTERVAL_NAMES[/** @type {keyof typeof INTERVALS} */ (interval)],
      intervalMs,
      startMs,
      endMs,
      channel: this.#view.channel,
      name: this.#view.name
    }
  }

  /** Puts the view into the form, which stays as it is under the hands of whoever uses it. */
  #show () {
    for (const [id, value] of Object.entries(this.#view)) {
      const field = /** @type {any} */ (this.#form.elements.namedItem(id))
      if (field === null) continue
      if (field.type === 'checkbox') field.checked = value
      else field.value = value
    }
    this.#clear.hidden = this.#view.channel === '' && this.#view.name === ''
  }

  /** Names that the fields offer. @param {'channels' | 'names'} list @param {string[]} values */
  offer (list, values) {
    document.getElementById(list)?.replaceChildren(...values.slice(0, MAX_OFFERED).map((value) => el('option', { value })))
  }

  /** Has days that are over counted, unless they are many records. */
  async warm () {
    const end = Date.now()
    const ask = (/** @type {number} */ ms) => get('/metrics/aggregate', {
      schema: 'any', start_time: new Date(end - ms).toISOString(), end_time: new Date(end).toISOString(), group_by: 'schema'
    })
    const { buckets } = await ask(DAY_MS)
    const records = buckets.reduce((/** @type {number} */ sum, /** @type {any} */ bucket) => sum + bucket.count, 0)
    // Also what the longer ranges are compared with.
    if (records <= WARM_RECORDS_A_DAY) await ask(2 * WARM_MS)
  }

  /** Writes the form. */
  draw () {
    const { range, channel, name, refresh } = this.#view
    const options = Object.entries(RANGES).map(([value, { name }]) => el('option', { value, selected: value === range }, name))
    this.#form.replaceChildren(
      el('label', {}, 'Time range', el('select', { id: 'range', onchange: this.#changed('range') }, ...options)),
      el('label', {}, 'Channel', el('input', { id: 'channel', value: channel, placeholder: 'all', autocomplete: 'off', 'data-list': 'channels', onchange: this.#changed('channel') })),
      el('label', {}, 'Event or metric', el('input', { id: 'name', value: name, placeholder: 'all', autocomplete: 'off', 'data-list': 'names', onchange: this.#changed('name') })),
      this.#clear,
      el('label', { class: 'check' }, el('input', { id: 'refresh', type: 'checkbox', checked: refresh, onchange: this.#changed('refresh') }), 'Refresh every 10 s'),
      el('button', { type: 'button', id: 'now', onclick: () => this.#onchange() }, 'Refresh now'),
      el('datalist', { id: 'channels' }), el('datalist', { id: 'names' })
    )
    // `list` is a property that cannot be set.
    for (const field of this.#form.querySelectorAll('[data-list]')) field.setAttribute('list', field.getAttribute('data-list') ?? '')
    this.#show()
    this.#form.hidden = false
  }

  /** Shows one channel or name. @param {'channel' | 'name'} key @param {string} value */
  choose (key, value) {
    this.#go({ ...this.#view, [key]: value })
  }

  /** @param {string} key */
  #changed (key) {
    return (/** @type {any} */ { target }) =>
      this.#go({ ...this.#view, [key]: target.type === 'checkbox' ? target.checked : target.value.trim() })
  }

  /** Goes where somebody chose to. @param {ReturnType<typeof fromAddress>} view */
  #go (view) {
    this.#take(view)
    clearTimeout(this.#addressing)
    this.#addressing = setTimeout(() => {
      const hash = `#${toAddress(this.#view)}`
      if (location.hash !== hash) history.pushState(null, '', hash)
    }, ADDRESS_MS)
  }
}
