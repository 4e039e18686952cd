'use strict'

/**
 * JavaScript values as JSON text for the engine.
 *
 * `JSON.stringify` turns NaN and the infinities into `null` without a word and refuses BigInt. Here both reach
 * the engine as what they are: a number no JSON holds is a violation, a 64-bit integer survives exactly.
 */

/** Deeper than any record may be (16 levels), so that the engine and not this writer says so. */
const MAX_DEPTH = 32

/**
 * A record as the engine reads it. Text and bytes pass untouched. A value without a JSON form (a cycle, a getter
 * that throws) becomes the empty text, which the engine rejects and counts like any other unreadable record.
 *
 * @param {unknown} value
 * @returns {string | Uint8Array}
 */
function toText (value) {
  if (typeof value === 'string' || value instanceof Uint8Array) return value
  try {
    return stringify(value)
  } catch {
    return ''
  }
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function stringify (value) {
  try {
    const text = JSON.stringify(value) ?? ''
    // Only a text with a null in it can hide a NaN.
    if (!text.includes('null')) return text
  } catch (error) {
    // A BigInt, a cycle, or an error of the value's own; the writer below tells which.
    if (!(error instanceof TypeError)) throw error
  }
  return write(value, '', 0) ?? ''
}

/**
 * @param {any} value
 * @param {string} key
 * @param {number} depth
 * @returns {string | undefined} nothing for what JSON leaves out
 */
function write (value, key, depth) {
  if (depth > MAX_DEPTH) throw new RangeError('nested too deeply or cyclic')
  if (typeof value?.toJSON === 'function') value = value.toJSON(key)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (typeof value !== 'object' || value === null || isBoxed(value)) return JSON.stringify(value)
  if (Array.isArray(value)) {
    // Not `map`, which leaves out places that were never filled.
    return `[${Array.from(value, (item, i) => write(item, String(i), depth + 1) ?? 'null').join()}]`
  }
  const members = []
  for (const name of Object.keys(value)) {
    const text = write(value[name], name, depth + 1)
    if (text !== undefined) members.push(`${JSON.stringify(name)}:${text}`)
  }
  return `{${members.join()}}`
}

/** @param {object} value */
function isBoxed (value) {
  return value instanceof Number || value instanceof String || value instanceof Boolean
}

module.exports = { toText }
