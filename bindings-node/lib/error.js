'use strict'

/**
 * An error as the engine makes them: `code` is stable, `path` the place (a JSON Pointer, or empty), the message
 * says what to do and quotes no value.
 *
 * @param {import('../index.d.ts').ErrorCode} code
 * @param {string} path
 * @param {string} message
 * @returns {import('../index.d.ts').ScrubjayError}
 */
function failure (code, path, message) {
  const place = path === '' ? code : `${code} at ${path}`
  return Object.assign(new Error(`${place}: ${message}`), { code, path })
}

module.exports = { failure }
