'use strict'

const { createPublicKey } = require('node:crypto')
const { isLoopback } = require('./reader.js')

/**
 * How callers prove who they are.
 *
 * @typedef {object} IdentityConfig
 * @property {boolean} isOpen whether everybody on this machine is everybody: development without identity
 * @property {JwtConfig | undefined} jwt
 *
 * @typedef {object} JwtConfig
 * @property {string} [secret] of HMAC
 * @property {string} [publicKey] PEM
 * @property {string} [jwksUrl]
 * @property {number} jwksCacheS
 * @property {string[]} algorithms the only ones that are accepted
 * @property {string} [issuer]
 * @property {string} [audience]
 * @property {number} clockSkewS
 * @property {string} tenantClaim
 * @property {string} rolesClaim
 */

/** Bytes: RFC 7518 asks HS256 for a key as long as its output. */
const MIN_SECRET_BYTES = 32
/** What examples and tutorials have; a secret that contains one is public. */
const DEFAULT_SECRETS = /secret|change.?me|default|password|example|^(.)\1*$/i
const HMAC = ['HS256', 'HS384', 'HS512']
const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
/** @type {Record<string, string>} */
const ALGORITHM_OF_CURVE = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }
/** Seconds. RFC 7519 speaks of "a few minutes" at most; clocks that are kept by NTP need far less. */
const CLOCK_SKEW_S = 30
const MAX_CLOCK_SKEW_S = 300
/** Seconds: the longest that a key which was taken out of the set is still trusted. */
const JWKS_CACHE_S = 300
const MAX_JWKS_CACHE_S = 86_400

/**
 * @param {import('./reader.js').Reader} reader
 * @param {string} host address that the routes are served on
 * @param {boolean} isProduction
 * @returns {IdentityConfig}
 */
function readIdentity (reader, host, isProduction) {
  const jwt = readJwt(reader)
  const isRequired = reader.boolean('AUTH_REQUIRED', isProduction || !isLoopback(host) || jwt !== undefined)
  if (!isRequired && isProduction) reader.fault('AUTH_REQUIRED', 'must not be false where NODE_ENV is production')
  if (!isRequired && !isLoopback(host)) {
    reader.fault('AUTH_REQUIRED', 'must not be false where HOST is not a loopback address')
  }
  return { isOpen: !isRequired, jwt }
}

/**
 * @param {import('./reader.js').Reader} reader
 * @returns {JwtConfig | undefined}
 */
function readJwt (reader) {
  const secret = reader.text('JWT_SECRET')
  const publicKey = reader.pem('JWT_PUBLIC_KEY')
  const jwksUrl = reader.url('JWT_JWKS_URL')
  const common = {
    issuer: reader.text('JWT_ISSUER'),
    audience: reader.text('JWT_AUDIENCE'),
    clockSkewS: reader.whole('JWT_CLOCK_SKEW_S', CLOCK_SKEW_S, 0, MAX_CLOCK_SKEW_S),
    jwksCacheS: reader.whole('JWT_JWKS_CACHE_S', JWKS_CACHE_S, 1, MAX_JWKS_CACHE_S),
    tenantClaim: reader.text('JWT_TENANT_CLAIM') ?? 'tenant_id',
    rolesClaim: reader.text('JWT_ROLES_CLAIM') ?? 'roles'
  }
  const given = [secret, publicKey, jwksUrl].filter((source) => source !== undefined)
  if (given.length > 1) {
    // Two kinds of keys are how a public key comes to be taken for a secret.
    reader.fault('JWT_SECRET', 'JWT_PUBLIC_KEY and JWT_JWKS_URL exclude each other; set one')
    return undefined
  }
  if (secret !== undefined) {
    if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
      reader.fault('JWT_SECRET', `must have at least ${MIN_SECRET_BYTES} bytes; \`openssl rand -base64 48\` makes one`)
    } else if (DEFAULT_SECRETS.test(secret)) {
      reader.fault('JWT_SECRET', 'looks like a default; `openssl rand -base64 48` makes one')
    }
    return { ...common, secret, algorithms: algorithms(reader, HMAC, ['HS256']) }
  }
  if (publicKey !== undefined) {
    return { ...common, publicKey, algorithms: algorithms(reader, ASYMMETRIC, algorithmsOf(reader, publicKey)) }
  }
  if (jwksUrl !== undefined) {
    // An identity provider signs for many services with the same keys: only these two tell whose a token is.
    if (common.issuer === undefined) reader.fault('JWT_ISSUER', 'is needed beside JWT_JWKS_URL')
    if (common.audience === undefined) reader.fault('JWT_AUDIENCE', 'is needed beside JWT_JWKS_URL')
    return { ...common, jwksUrl, algorithms: algorithms(reader, ASYMMETRIC, ['RS256', 'ES256', 'EdDSA']) }
  }
  return undefined
}

/**
 * @param {import('./reader.js').Reader} reader
 * @param {string[]} possible
 * @param {string[]} fallback
 */
function algorithms (reader, possible, fallback) {
  const chosen = reader.words('JWT_ALGORITHMS') ?? fallback
  if (chosen.length > 0 && chosen.every((name) => possible.includes(name))) return chosen
  reader.fault('JWT_ALGORITHMS', `must be of ${possible.join(', ')} with this kind of key`)
  return fallback
}

/**
 * @param {import('./reader.js').Reader} reader
 * @param {string} pem
 */
function algorithmsOf (reader, pem) {
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPublicKey(pem)
    const curve = ALGORITHM_OF_CURVE[details?.namedCurve ?? '']
    if (type === 'rsa') return ['RS256']
    if (type === 'ed25519') return ['EdDSA']
    if (type === 'ec' && curve !== undefined) return [curve]
  } catch {
    // Said below.
  }
  reader.fault('JWT_PUBLIC_KEY', 'must be a PEM public key: RSA, Ed25519, or EC on P-256, P-384 or P-521')
  return ['RS256']
}

module.exports = { readIdentity }
