'use strict'

const { promisify } = require('node:util')
const zlib = require('node:zlib')
const fp = require('fastify-plugin')

/**
 * Bodies as bytes: inflated, never parsed. What they mean is for the engine alone to say.
 */

/** Bytes of a body, before and after inflation: the engine's bound on one batch. */
const MAX_BODY_BYTES = 4 << 20

/** @type {(body: Buffer, options: import('node:zlib').ZlibOptions) => Promise<Buffer>} */
const gunzip = promisify(zlib.gunzip)
/** @type {typeof gunzip} */
const inflate = promisify(zlib.inflate)

/** A map, because a header may also name what every object inherits. */
const DECODERS = new Map([['gzip', gunzip], ['x-gzip', gunzip], ['deflate', inflate]])

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
  const decode = DECODERS.get(name)
  if (decode === undefined) throw refusal(415, 'encoding_unsupported', 'send content-encoding gzip, deflate, or none')
  try {
    return await decode(body, { maxOutputLength: MAX_BODY_BYTES })
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
