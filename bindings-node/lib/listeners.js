'use strict'

/** Between two looks for changes, in milliseconds: as often as the core looks at the consent file. */
const LOOK_INTERVAL_MS = 250

/** Those who are told what changed, and the timer that looks while there are any. It keeps no process alive. */
class Listeners {
  #changes
  /** @type {Set<{ listener: (change: any) => void }>} */
  #entries = new Set()
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  #since = 0

  /** @param {(since: number) => { next: number, changes: any[] }} changes */
  constructor (changes) {
    this.#changes = changes
  }

  /**
   * @param {(change: any) => void} listener
   * @returns {() => void}
   */
  add (listener) {
    if (typeof listener !== 'function') throw new TypeError('listener must be a function')
    const entry = { listener }
    this.#entries.add(entry)
    if (this.#timer === undefined) {
      // What was before is no change.
      this.#since = this.#changes(0xffff_ffff).next
      this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS).unref()
    }
    return () => this.#remove(entry)
  }

  /** @param {{ listener: (change: any) => void }} entry */
  #remove (entry) {
    this.#entries.delete(entry)
    if (this.#entries.size === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }

  #look () {
    const { next, changes } = this.#changes(this.#since)
    this.#since = next
    for (const change of changes) {
      for (const { listener } of this.#entries) listener(change)
    }
  }
}

module.exports = { Listeners }
