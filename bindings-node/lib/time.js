'use strict'

/** Times as records have them. Making a date of each would cost as much as the rest of a record. */

/** The second that was written last, and its text up to the point. */
let second = NaN
let prefix = ''

/**
 * @param {number} seconds since 1970, whole
 * @param {number} nanos
 * @returns {string} RFC 3339, by microseconds
 */
function timestamp (seconds, nanos) {
  if (seconds !== second) {
    prefix = new Date(seconds * 1000).toISOString().slice(0, -4)
    second = seconds
  }
  return `${prefix}${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`
}

module.exports = { timestamp }
