'use strict'

/**
 * Counts over long ranges without reading each record again.
 *
 * What was stored on days that are over changes seldom. Of such a day its counts by hour and name are kept in memory,
 * as long as the store says the same of its file. Questions for counts by schema, channel or event are answered from
 * them; the parts of hours at the ends of a range, and today, are asked of the store, as is every other question. The
 * answer is the store's, byte for byte; only where samples stand for no whole number of records, a count may differ by
 * one for each part that is asked for, since the store rounds it.
 */

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const HOURS = 24
/** Intervals that hours add up to, in milliseconds. */
const INTERVALS = /** @type {Record<string, number>} */ ({ '1h': HOUR_MS, '6h': 6 * HOUR_MS, '1d': DAY_MS })
/** Names of one day and tenant that are counted; a day with more is asked of the store. */
const MAX_NAMES = 800
/** Names over all days and tenants that are remembered; 300 bytes each. The day that was used least recently goes. */
const MAX_REMEMBERED = 200_000
/** What the store puts into one answer at most. */
const MAX_BUCKETS = 20_000
/** Its limit where none is given. */
const DEFAULT_BUCKETS = 1_000
/** How long the store's word on its files is taken for new: several questions of one page ask for it. */
const STATS_MS = 250
/** A range that hours help with. Below, asking the store is as fast. */
const MIN_RANGE_MS = 6 * HOUR_MS

const EVENT = 'telemetry_event_v1'
const NAMES = ['schema', 'channel', 'event']
/** How many records a stored one stands for, as the store groups by it. */
const RATE = '/sample_rate'
/** What a question may have to be answered here. */
const KNOWN = new Set(['start_time', 'end_time', 'interval', 'group_by', 'aggregations', 'limit', ...NAMES, 'name'])
/** UTC to the millisecond: what is finer is the store's. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/

/**
 * @typedef {{ schema: string, channel: string, event: string, counts: number[] }} Name counts by hour, as samples stand for them
 * @typedef {{ tag: string, names: Promise<Name[] | null>, size: number }} Day null where it cannot be answered from
 * @typedef {{ start_time: string, end_time: string, interval?: string, group_by?: string[], aggregations?: string[],
 *   limit?: number, schema?: string, channel?: string, event?: string, name?: string }} Spec
 */

class Figures {
  #store
  #now
  /** By tenant and day, least recently used first. @type {Map<string, Day>} */
  #days = new Map()
  #remembered = 0
  /** @type {{ at: number, tags: Promise<Map<string, string>> } | undefined} */
  #stats

  /** @param {import('scrubjay').Store} store @param {() => number} [now] milliseconds since 1970 */
  constructor (store, now = Date.now) {
    this.#store = store
    this.#now = now
  }

  /**
   * The store's answer to an aggregation, as text.
   *
   * @param {string} tenant
   * @param {Record<string, any>} spec
   * @returns {Promise<string>}
   * @throws {Error} `argument_invalid`, `store_unavailable`
   */
  async aggregateText (tenant, spec) {
    const answer = isCounting(spec) ? await this.#counted(tenant, spec) : null
    return answer ?? this.#store.aggregateText(tenant, JSON.stringify(spec))
  }

  /**
   * @param {string} tenant
   * @param {Spec} spec
   * @returns {Promise<string | null>} null where counts do not suffice
   */
  async #counted (tenant, spec) {
    const [start, end] = [Date.parse(spec.start_time), Date.parse(spec.end_time)]
    const today = Math.floor(this.#now() / DAY_MS) * DAY_MS
    const tags = await this.#tags()
    const sum = new Sum(spec)
    // What hours do not cover, as ranges that are as long as may be.
    /** @type {Array<[number, number]>} */
    const rest = []
    const ask = (/** @type {number} */ from, /** @type {number} */ to) => {
      const last = rest.at(-1)
      if (from >= to) return
      if (last !== undefined && last[1] === from) last[1] = to
      else rest.push([from, to])
    }
    for (let day = Math.floor(start / DAY_MS) * DAY_MS; day < end; day += DAY_MS) {
      const [from, to] = [Math.max(start, day), Math.min(end, day + DAY_MS)]
      const tag = tags.get(new Date(day).toISOString().slice(0, 10))
      const [first, last] = [Math.ceil((from - day) / HOUR_MS), Math.floor((to - day) / HOUR_MS)]
      if (day >= today || first >= last) {
        ask(from, to)
        continue
      }
      // A day without a file has no records.
      if (tag === undefined) continue
      const names = await this.#day(tenant, day, tag)
      if (names === null) return null
      ask(from, day + first * HOUR_MS)
      for (const name of names) sum.addName(name, day, first, last)
      ask(day + last * HOUR_MS, to)
    }
    const asked = { ...spec, limit: MAX_BUCKETS }
    for (const [from, to] of rest) {
      const range = { start_time: new Date(from).toISOString(), end_time: new Date(to).toISOString() }
      const { buckets, truncated } = JSON.parse(await this.#store.aggregateText(tenant, JSON.stringify({ ...asked, ...range })))
      if (truncated) return null
      for (const bucket of buckets) sum.addBucket(bucket)
    }
    return sum.text()
  }

  /** What tells each day's file from what it was: its records and bytes. */
  #tags () {
    const now = this.#now()
    if (this.#stats === undefined || now - this.#stats.at >= STATS_MS || now < this.#stats.at) {
      const tags = this.#store.stats().then(({ days }) =>
        new Map(days.map(({ day, records, bytes }) => [day, `${records} ${bytes}`])))
      this.#stats = { at: now, tags }
      // Who waits for it is told; the next asks again.
      tags.catch(() => { this.#stats = undefined })
    }
    return this.#stats.tags
  }

  /** @param {string} tenant @param {number} start @param {string} tag */
  #day (tenant, start, tag) {
    const key = `${start} ${tenant}`
    const found = this.#days.get(key)
    if (found?.tag === tag) {
      this.#days.delete(key)
      this.#days.set(key, found)
      return found.names
    }
    this.#forget(key)
    /** @type {Day} */
    const day = { tag, size: 1, names: this.#read(tenant, start) }
    this.#days.set(key, day)
    this.#remembered += day.size
    day.names.then((names) => {
      if (this.#days.get(key) !== day) return
      const size = 1 + (names?.length ?? 0)
      this.#remembered += size - day.size
      day.size = size
      while (this.#remembered > MAX_REMEMBERED) this.#forget(/** @type {string} */ (this.#days.keys().next().value))
    }, () => { if (this.#days.get(key) === day) this.#forget(key) })
    return day.names
  }

  /** @param {string} key */
  #forget (key) {
    this.#remembered -= this.#days.get(key)?.size ?? 0
    this.#days.delete(key)
  }

  /**
   * @param {string} tenant
   * @param {number} start
   * @returns {Promise<Name[] | null>}
   */
  async #read (tenant, start) {
    const spec = {
      schema: 'any',
      start_time: new Date(start).toISOString(),
      end_time: new Date(start + DAY_MS).toISOString(),
      interval: '1h',
      group_by: [...NAMES, RATE],
      aggregations: ['records'],
      limit: MAX_BUCKETS
    }
    const { buckets, truncated } = JSON.parse(await this.#store.aggregateText(tenant, JSON.stringify(spec)))
    if (truncated) return null
    /** @type {Map<string, Name>} */
    const names = new Map()
    for (const { start: at, group: { schema, channel, event, [RATE]: rate }, records } of buckets) {
      const key = JSON.stringify([schema, channel, event])
      let name = names.get(key)
      if (name === undefined) names.set(key, name = { schema, channel, event, counts: new Array(HOURS).fill(0) })
      const hour = (Date.parse(at) - start) / HOUR_MS
      name.counts[hour] = /** @type {number} */ (name.counts[hour]) + records / (rate ?? 1)
    }
    return names.size > MAX_NAMES ? null : [...names.values()]
  }
}

/**
 * Whether a question is one for counts by name over whole hours, correct as far as this can see.
 *
 * @param {Record<string, any>} spec
 * @returns {spec is Spec}
 */
function isCounting (spec) {
  const { start_time: start, end_time: end, interval, group_by: groups = [], aggregations = ['count'], limit } = spec
  const isText = (/** @type {unknown} */ value) => typeof value === 'string'
  return Object.keys(spec).every((key) => KNOWN.has(key) || spec[key] === undefined) &&
    [start, end].every((time) => isText(time) && MOMENT.test(time) && !Number.isNaN(Date.parse(time))) &&
    Date.parse(end) - Date.parse(start) >= MIN_RANGE_MS &&
    (interval === undefined || Object.hasOwn(INTERVALS, interval)) &&
    groups.length > 0 && new Set(groups).size === groups.length && groups.every((/** @type {string} */ key) => NAMES.includes(key)) &&
    aggregations.length === 1 && aggregations[0] === 'count' &&
    (limit === undefined || (Number.isInteger(limit) && limit > 0 && limit <= MAX_BUCKETS)) &&
    [...NAMES, 'name'].every((key) => spec[key] === undefined || isText(spec[key]))
}

/** Counts as they add up to an answer. */
class Sum {
  #spec
  #interval
  /** By start, then by the group's text. @type {Map<number, Map<string, number>>} */
  #starts = new Map()
  /** @type {Map<string, string>} */
  #texts = new Map()

  /** @param {Spec} spec */
  constructor (spec) {
    this.#spec = spec
    this.#interval = spec.interval === undefined ? undefined : /** @type {number} */ (INTERVALS[spec.interval])
  }

  /** A day's counts, from one hour to another. @param {Name} name @param {number} day @param {number} from @param {number} to */
  addName (name, day, from, to) {
    const { schema = EVENT, channel, event, name: either } = this.#spec
    const isMeant = (schema === 'any' || name.schema === schema) &&
      (channel === undefined || name.channel === channel) &&
      (event === undefined || name.event === event) &&
      (either === undefined || name.event === either || `${name.channel}.${name.event}` === either)
    if (!isMeant) return
    const group = this.#group(name)
    // Hours of one bucket are added up before it is looked for.
    const hours = this.#interval === undefined ? HOURS : this.#interval / HOUR_MS
    for (let hour = from; hour < to;) {
      const end = Math.min(to, hour - hour % hours + hours)
      let sum = 0
      const at = day + hour * HOUR_MS
      for (; hour < end; hour++) sum += /** @type {number} */ (name.counts[hour])
      if (sum > 0) this.#add(at, group, sum)
    }
  }

  /** What the store counted. @param {{ start?: string, group: Record<string, string>, count: number }} bucket */
  addBucket ({ start, group, count }) {
    this.#add(start === undefined ? 0 : Date.parse(start), this.#group(group), count)
  }

  /** @param {Record<string, any>} names */
  #group (names) {
    return `{${(this.#spec.group_by ?? []).map((key) => `"${key}":${this.#quoted(names[key])}`).join(',')}}`
  }

  /** A name as JSON; the same come again on each day. @param {string} name */
  #quoted (name) {
    let text = this.#texts.get(name)
    if (text === undefined) this.#texts.set(name, text = JSON.stringify(name))
    return text
  }

  /** @param {number} at @param {string} group @param {number} count */
  #add (at, group, count) {
    const start = this.#interval === undefined ? 0 : Math.floor(at / this.#interval) * this.#interval
    let groups = this.#starts.get(start)
    if (groups === undefined) this.#starts.set(start, groups = new Map())
    groups.set(group, (groups.get(group) ?? 0) + count)
  }

  /** The answer: by start, then by the bytes of the group's text, up to the limit. */
  text () {
    const { limit = DEFAULT_BUCKETS } = this.#spec
    const bytes = new Map([...this.#starts.values()].flatMap((groups) => [...groups.keys()]).map((group) => [group, Buffer.from(group)]))
    const of = (/** @type {string} */ group) => /** @type {Buffer} */ (bytes.get(group))
    const buckets = [...this.#starts].sort(([a], [b]) => a - b).flatMap(([start, groups]) => {
      // As the store writes times: to the microsecond.
      const begin = this.#interval === undefined ? '' : `"start":"${new Date(start).toISOString().slice(0, -1)}000Z",`
      return [...groups].sort(([a], [b]) => Buffer.compare(of(a), of(b))).map(([group, count]) => `{${begin}"group":${group},"count":${Math.round(count)}}`)
    })
    return `{"buckets":[${buckets.slice(0, limit).join(',')}],"truncated":${buckets.length > limit}}`
  }
}

exports.Figures = Figures
