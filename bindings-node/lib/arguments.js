'use strict'

const { failure } = require('./error.js')

/** The longest wait that fits the engine's 32-bit milliseconds: seven weeks. */
const MAX_TIMEOUT_MS = 0xffffffff

/**
 * Configurations and specifications: an object, or JSON text as it stands.
 *
 * @param {string | object | undefined} value
 * @returns {string}
 */
function jsonText (value) {
  return typeof value === 'string' ? value : JSON.stringify(value ?? {})
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {string}
 */
function string (name, value) {
  if (typeof value === 'string') return value
  throw failure('argument_invalid', `/${name}`, 'expected a string')
}

/**
 * @param {unknown} value
 * @returns {number}
 */
function timeoutMs (value) {
  if (typeof value === 'number' && value >= 0 && value <= MAX_TIMEOUT_MS) return Math.ceil(value)
  throw failure('argument_invalid', '/timeoutMs', 'expected milliseconds, a number from 0 to 4294967295')
}

module.exports = { jsonText, string, timeoutMs }
