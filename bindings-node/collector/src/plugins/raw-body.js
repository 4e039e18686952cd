'use strict'

const { promisify } = require('node:util')
const zlib = require('node:zlib')
const fp = require('fastify-plugin')
const { inflateZstd } = require('scrubjay/receive')
const { refusal } = require('./identity.js')

/**
 * Bodies as bytes: inflated, never parsed. What they mean is for the engine alone to say.
 */

/** Bytes of a body, before and after inflation: the engine's bound on one batch. */
const MAX_BODY_BYTES = 4 << 20

/**
 * What inflates a body to at most so many bytes; null where it has more.
 *
 * @typedef {(body: Buffer, limit: number) => Promise<Buffer | null>} Decoder
 */

/**
 * @param {(body: Buffer, options: import('node:zlib').ZlibOptions) => Promise<Buffer>} inflate
 * @returns {Decoder}
 */
function ofNode (inflate) {
  return async (body, limit) => {
    try {
      return await inflate(body, { maxOutputLength: limit })
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ERR_BUFFER_TOO_LARGE') return null
      throw error
    }
  }
}

/** A map, because a header may also name what every object inherits. Node 20 has no zstd; the addon has. */
const DECODERS = new Map(/** @type {Array<[string, Decoder]>} */ ([
  ['gzip', ofNode(promisify(zlib.gunzip))],
  ['x-gzip', ofNode(promisify(zlib.gunzip))],
  ['deflate', ofNode(promisify(zlib.inflate))],
  ['br', ofNode(promisify(zlib.brotliDecompress))],
  ['zstd', inflateZstd]
]))

/**
 * @param {string | undefined} encoding
 * @param {Buffer} body
 * @param {number} limit
 * @returns {Promise<Buffer>}
 */
async function inflated (encoding, body, limit) {
  const name = encoding?.trim().toLowerCase() ?? 'identity'
  if (name === 'identity' || name === '') return body
  // One encoding only: a stack of them serves nobody but the maker of a bomb.
  const decode = DECODERS.get(name)
  if (decode === undefined) {
    throw refusal(415, 'encoding_unsupported', 'send content-encoding gzip, deflate, br, zstd, or none')
  }
  let plain
  try {
    plain = await decode(body, limit)
  } catch {
    throw refusal(400, 'body_unreadable', `the body is not valid ${name}`)
  }
  if (plain === null) throw tooLarge(limit)
  return plain
}

/** @param {number} limit */
function tooLarge (limit) {
  return refusal(413, 'body_too_large', `a body has at most ${limit >> 20} MiB, inflated`)
}

/**
 * @param {import('fastify').FastifyInstance} scope
 * @param {{ contentTypes: string[], limit?: number }} options
 */
async function rawBody (scope, { contentTypes, limit = MAX_BODY_BYTES }) {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(contentTypes, { parseAs: 'buffer', bodyLimit: limit },
    (/** @type {import('fastify').FastifyRequest} */ request, /** @type {Buffer} */ body) =>
      inflated(request.headers['content-encoding'], body, limit))
  // Schemas of bodies are for the documentation: the engine validates, and nothing else may.
  scope.setValidatorCompiler(() => () => true)
}

module.exports = fp(rawBody, { name: 'raw-body' })
