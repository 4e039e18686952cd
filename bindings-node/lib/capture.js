'use strict'

/**
 * JavaScript values straight into the engine's compact records, many of them in one slab, which crosses to the engine
 * when it is full.
 *
 * A crossing with objects costs more than a microsecond a record, one with text the text. Here a record costs its
 * bytes: no object, no string, no decimal digits. What a value means is what `toText` makes of it; the tests compare
 * both ways. The form is the engine's: `core/src/capture.rs`.
 */

/** @typedef {InstanceType<typeof import('./names.js').Written>} WrittenText */
/** @typedef {InstanceType<typeof import('./names.js').Name>} KnownName */

const { FIRST, MAX_NAMES, MISSES, Name, names, SHORT, Written } = require('./names.js')

/** Bytes at which a slab crosses: some 250 records, a hundredth of their cost. */
const HANDOVER_BYTES = 64 << 10
/** Bytes of one record beyond which the engine need not look at it; `MAX_CAPTURED_BYTES` of the engine. */
const MAX_BYTES = 3 * (64 << 10)
/** Levels that are walked, one more than a record may have: so a cycle is a record that is too deep. */
const MAX_LEVELS = 17
/** Room behind the last check for a number or a short string, of up to three bytes a character. */
const MARGIN = 256
/** Length in 4 bytes, milliseconds in 8. */
const HEAD_BYTES = 12
/** Where the first record begins: behind the length of all, which the addon reads when JavaScript can no more. */
const SLAB_HEAD_BYTES = 8
/** In place of a length: a record that is too large to be handed over. */
const TOO_LARGE_MARK = 0xffffffff

const NULL = 0x80
const FALSE = 0x81
const TRUE = 0x82
const INT_4 = 0x83
const NUMBER = 0x86
const TEXT_1 = 0x87
const TEXT_4 = 0x88
const JSON_TEXT = 0x89
const OBJECT = 0x8a
const ARRAY = 0x8b
const END = 0x8c

const TOO_LARGE = new RangeError('a record is too large')

const { isArray } = Array
const { getPrototypeOf, keys, prototype: plain } = Object

class Slab {
  /** Large enough for one more record when it is about full: a record never moves while it is written. */
  bytes = Buffer.allocUnsafeSlow(SLAB_HEAD_BYTES + HANDOVER_BYTES + HEAD_BYTES + MAX_BYTES + 2 * MARGIN)
  #view = new DataView(this.bytes.buffer)
  /** Bytes of complete records. */
  length = 0
  /** By which the addon knows it. */
  number = 0
  /** The same for the addon: whoever stops JavaScript in the middle of a record finds those before it. */
  #published = new Uint32Array(this.bytes.buffer, 0, 1).fill(0)
  #at = 0
  #limit = 0
  #busy = false
  #isTooLarge = false
  /** The name that was written last. */
  #latest = FIRST
  /** Whether all objects have a further enumerable name, which is not their own. */
  #isExtended = false

  /** Whether a record is being written: then nothing may cross, as its place would move. */
  get isBusy () {
    return this.#busy
  }

  /** Whether it should cross. */
  get isFull () {
    return this.length >= HANDOVER_BYTES
  }

  /**
   * Appends a record.
   *
   * @param {unknown} record
   * @returns {boolean} false where another record is being written: a getter tracks one. Nothing was done then.
   */
  append (record) {
    const start = SLAB_HEAD_BYTES + this.length
    const now = Date.now()
    if (!this.write(record)) return false
    this.#view.setFloat64(start + 4, now, true)
    this.#view.setUint32(start, this.#isTooLarge ? TOO_LARGE_MARK : this.#at - start - HEAD_BYTES, true)
    this.length = this.#at - SLAB_HEAD_BYTES
    this.#published[0] = this.length
    return true
  }

  /** Begins anew, when the addon has taken what was there. */
  clear () {
    this.length = 0
  }

  /** Where the latest record ends. */
  get end () {
    return this.#at
  }

  /**
   * Writes a record behind the complete ones and the room for a head, of which it is none. One that cannot be written (a getter that throws, a
   * symbol) is written as nothing, which the engine counts as unreadable; one that is too large, as that.
   *
   * @param {unknown} record
   * @returns {boolean} as {@link append}
   */
  write (record) {
    if (this.#busy) return false
    this.#busy = true
    const start = SLAB_HEAD_BYTES + this.length
    this.#isTooLarge = false
    this.#isExtended = isExtended()
    this.#latest = FIRST
    this.#at = start + HEAD_BYTES
    this.#limit = this.#at + MAX_BYTES
    try {
      if (!this.#value(record, '', 1)) this.#at = start + HEAD_BYTES
    } catch (error) {
      this.#at = start + HEAD_BYTES
      this.#isTooLarge = error === TOO_LARGE
    } finally {
      this.#busy = false
    }
    return true
  }

  /**
   * @param {any} value
   * @param {string | number} name of the member or place, which `toJSON` is told
   * @param {number} level at which a container would stand
   * @returns {boolean} false for what JSON leaves out; then nothing was written
   */
  #value (value, name, level) {
    if (this.#at > this.#limit) throw TOO_LARGE
    switch (typeof value) {
      case 'string':
        this.#text(value)
        return true
      case 'number':
        this.#number(value)
        return true
      case 'boolean':
        this.bytes[this.#at++] = value ? TRUE : FALSE
        return true
      case 'object':
        if (value !== null) return this.#object(value, name, level)
        this.bytes[this.#at++] = NULL
        return true
      case 'bigint':
        return this.#bigint(value, name)
      default:
        return false
    }
  }

  /**
   * @param {any} value whole, of any size
   * @param {string | number} name
   */
  #bigint (value, name) {
    // Which hosts define so that `JSON.stringify` takes such numbers.
    return this.#json(typeof value.toJSON === 'function' ? JSON.stringify(value.toJSON(String(name))) : String(value))
  }

  /**
   * @param {any} value
   * @param {string | number} name
   * @param {number} level
   * @returns {boolean}
   */
  #object (value, name, level) {
    if (typeof value.toJSON === 'function') {
      value = value.toJSON(String(name))
      if (typeof value !== 'object' || value === null) return this.#value(value, name, level)
    }
    if (isArray(value)) {
      this.bytes[this.#at++] = ARRAY
      const count = level < MAX_LEVELS ? value.length : 0
      for (let i = 0; i < count; i++) {
        if (!this.#value(value[i], i, level + 1)) this.bytes[this.#at++] = NULL
      }
    } else {
      const isPlain = getPrototypeOf(value) === plain
      if (!isPlain && isBoxed(value)) return this.#json(JSON.stringify(value))
      this.bytes[this.#at++] = OBJECT
      if (level < MAX_LEVELS) {
        if (isPlain && !this.#isExtended) this.#ownMembers(value, level)
        else this.#members(value, level)
      }
    }
    this.bytes[this.#at++] = END
    return true
  }

  /**
   * @param {any} object
   * @param {number} level
   */
  #members (object, level) {
    for (const name of keys(object)) this.#member(object[name], name, level)
  }

  /**
   * The same where every enumerable name is the object's own: no list of names is made.
   *
   * @param {any} object
   * @param {number} level
   */
  #ownMembers (object, level) {
    for (const name in object) this.#member(object[name], name, level)
  }

  /**
   * @param {any} value
   * @param {string} name
   * @param {number} level of its object
   */
  #member (value, name, level) {
    const before = this.#at
    let known = this.#latest.next
    if (known === undefined || known.written.text !== name) {
      known = names.get(name)
      this.#latest.next = known
    }
    if (known === undefined) {
      this.#text(name)
      if (names.size < MAX_NAMES && name.length <= SHORT) names.set(name, new Name(this.#written(name, before)))
    } else {
      this.#latest = known
      this.#copy(known.written)
      if (typeof value === 'string' && value.length <= SHORT) return this.#expected(value, known)
    }
    if (!this.#value(value, name, level + 1)) this.#at = before
  }

  /**
   * A short text that may be what its member had before.
   *
   * @param {string} text
   * @param {KnownName} name
   */
  #expected (text, name) {
    if (this.#at > this.#limit) throw TOO_LARGE
    if (text === name.value.text) {
      name.misses = 0
      return this.#copy(name.value)
    }
    const before = this.#at
    this.#text(text)
    // Learning costs as much as writing ten times: not for a value that takes turns with others.
    if (text === name.latest && ++name.misses >= MISSES) name.value = this.#written(text, before)
    else name.latest = text
  }

  /** @param {WrittenText} written */
  #copy ({ words, length }) {
    const view = this.#view
    const at = this.#at
    for (let i = 0; i < words.length; i++) view.setFloat64(at + 8 * i, /** @type {number} */ (words[i]), true)
    this.#at = at + length
  }

  /**
   * What was written from `start` on, to be written again.
   *
   * @param {string} text
   * @param {number} start
   */
  #written (text, start) {
    const words = new Float64Array(Math.ceil((this.#at - start) / 8))
    new Uint8Array(words.buffer).set(this.bytes.subarray(start, this.#at))
    return new Written(text, words, this.#at - start)
  }

  /** @param {number} value */
  #number (value) {
    const { bytes } = this
    let at = this.#at
    if ((value | 0) === value) {
      if (value >= 0 && value < 0x80) {
        bytes[at++] = value
      } else {
        bytes[at++] = INT_4
        bytes[at++] = value
        bytes[at++] = value >> 8
        bytes[at++] = value >> 16
        bytes[at++] = value >> 24
      }
    } else {
      bytes[at] = NUMBER
      this.#view.setFloat64(at + 1, value, true)
      at += 9
    }
    this.#at = at
  }

  /** @param {string} text */
  #text (text) {
    const { length } = text
    if (length > SHORT) return this.#long(text)
    const { bytes } = this
    let at = this.#at
    bytes[at++] = TEXT_1
    bytes[at++] = length
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return this.#long(text)
      bytes[at++] = code
    }
    this.#at = at
  }

  /** @param {string} text */
  #long (text) {
    // Half of a surrogate pair has an escape in JSON, and no bytes of its own.
    if (!(/** @type {any} */ (text).isWellFormed())) return this.#json(JSON.stringify(text))
    this.#bytes(TEXT_4, text)
  }

  /** @param {string} text JSON, taken as it stands */
  #json (text) {
    this.#bytes(JSON_TEXT, text)
    return true
  }

  /**
   * @param {number} tag
   * @param {string} text
   */
  #bytes (tag, text) {
    const at = this.#at
    // Three bytes a character at most; only a text that might not fit is counted.
    if (at + 3 * text.length > this.#limit && at + Buffer.byteLength(text) > this.#limit) throw TOO_LARGE
    const length = this.bytes.write(text, at + 5)
    this.bytes[at] = tag
    this.#view.setUint32(at + 1, length, true)
    this.#at = at + 5 + length
  }
}

function isExtended () {
  for (const _ in plain) return true
  return false
}

/** @param {object} value */
function isBoxed (value) {
  return value instanceof Number || value instanceof String || value instanceof Boolean
}

module.exports = { Slab, HEAD_BYTES, SLAB_HEAD_BYTES }
