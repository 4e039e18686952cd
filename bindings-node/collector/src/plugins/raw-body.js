'use strict'

const { promisify } = require('node:util')
const zlib = require('node:zlib')
const fp = require('fastify-plugin')

/**
 * Bodies as bytes: inflated, never parsed. What they mean is for the engine alone to say.
 */

/** Bytes of a body, before and after inflation: the engine's bound on one batch. */
const MAX_BODY_BYTES = 4 << 20

const INFLATE = {
  gzip: promisify(/** @type {Inflate} */ (zlib.gunzip)),
  'x-gzip': promisify(/** @type {Inflate} */ (zlib.gunzip)),
  deflate: promisify(/** @type {Inflate} */ (zlib.inflate))
}

/**
 * @typedef {(body: Buffer, options: import('node:zlib').ZlibOptions,
 *   callback: (error: Error | null, result: Buffer) => void) => void} Inflate
 */

/**
 * @param {number} statusCode
 * @param {string} code
 * @param {string} message
 */
function refusal (statusCode, code, message) {
  return Object.assign(new Error(message), { statusCode, code })
}

/**
 * @param {string | undefined} encoding
 * @param {Buffer} body
 * @returns {Promise<Buffer>}
 */
async function inflated (encoding, body) {
  const name = encoding?.trim().toLowerCase() ?? 'identity'
  if (name === 'identity' || name === '') return body
  // One encoding only: a stack of them serves nobody but the maker of a bomb.
  if (!(name in INFLATE)) throw refusal(415, 'encoding_unsupported', 'send content-encoding gzip, deflate, or none')
  try {
    return await INFLATE[/** @type {keyof typeof INFLATE} */ (name)](body, { maxOutputLength: MAX_BODY_BYTES })
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      throw refusal(413, 'body_too_large', 'a body has at most 4 MiB, inflated')
    }
    throw refusal(400, 'body_unreadable', `the body is not valid ${name}`)
  }
}

/**
 * @param {import('fastify').FastifyInstance} scope
 * @param {{ contentTypes: string[] }} options
 */
async function rawBody (scope, { contentTypes }) {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(contentTypes, { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
    (/** @type {import('fastify').FastifyRequest} */ request, /** @type {Buffer} */ body) =>
      inflated(request.headers['content-encoding'], body))
}

module.exports = fp(rawBody, { name: 'raw-body' })
