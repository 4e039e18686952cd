'use strict'

/** What the slab's writer knows of an application's names and values, to copy what it would have to write. */

/** Up to this many characters a loop is faster than a call into the runtime. */
const SHORT = 64
/** A short string as it is written. */
class Written {
  /**
   * @param {string} text
   * @param {Float64Array} words the bytes, and zeros up to the last word's end. Eight bytes of UTF-8 are never a NaN,
   * which the runtime might change.
   * @param {number} length in bytes
   */
  constructor (text, words, length) {
    this.text = text
    this.words = words
    this.length = length
  }
}

/** Equal to no text. */
const NOTHING = new Written(/** @type {any} */ (undefined), new Float64Array(0), 0)

/** A member's name, and what is expected of it: comparing is faster than looking up, and copying than writing. */
class Name {
  /** What came after it the last time. */
  next = /** @type {Name | undefined} */ (undefined)
  /** Its value, where that was the same text twice in a row: a route, a region. */
  value = NOTHING
  /** The text that it had last where it was not that. */
  latest = ''
  /** How often it was the latest text again, and not the expected one. */
  misses = 0

  /** @param {Written} written */
  constructor (written) {
    this.written = written
  }
}

/**
 * An application has few names, and copying words takes a third of the time that characters take.
 *
 * @type {Map<string, Name>}
 */
const names = new Map()
/** Comes before the first name of a record. */
const FIRST = new Name(NOTHING)
/** How often a value comes again before it is expected. */
const MISSES = 4
/** A host that makes names up costs no more memory than this many. */
const MAX_NAMES = 4_096

module.exports = { FIRST, MAX_NAMES, MISSES, Name, names, SHORT, Written }
