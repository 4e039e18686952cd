'use strict'

const { createHash } = require('node:crypto')
const { ROLES } = require('./roles.js')

/**
 * Who a request is from: the one place that reads credentials. They are JWTs, or API keys of the store.
 *
 * @typedef {object} Identity
 * @property {string} tenant whose records these are
 * @property {string} subject who it is, for the audit trail
 * @property {readonly import('./roles.js').Role[]} roles
 */

/** Milliseconds for which a key is believed without asking the store: the longest that a revoked one still works. */
const KEY_CACHE_MS = 5_000
/** Keys that are remembered, right or wrong. */
const KEY_CACHE_SIZE = 1_000
/** Characters. A token with keys of its own in it is longer than any that we would take. */
const MAX_TOKEN_CHARS = 8_192
/** The form of a tenant, as the engine has it. */
const TENANT = /^[A-Za-z0-9._-]{1,64}$/
/** Characters of a subject that the audit trail keeps. */
const MAX_SUBJECT_CHARS = 128
/** RFC 9068 and common usage. */
const TYPES = [undefined, 'jwt', 'at+jwt', 'application/at+jwt']

/** @type {Identity} */
const EVERYBODY = Object.freeze({ tenant: 'default', subject: 'anonymous', roles: ROLES })

class Verifier {
  #identity
  #store
  /** @type {Promise<(token: string) => Promise<import('jose').JWTPayload>> | undefined} */
  #verify
  /**
   * By the hash of the key, so that memory holds no keys.
   *
   * @type {Map<string, { until: number, identity: Identity | null }>}
   */
  #keys = new Map()

  /**
   * @param {import('../config/identity.js').IdentityConfig} identity
   * @param {Pick<import('scrubjay').Store, 'apiKeyFind'>} store
   */
  constructor (identity, store) {
    this.#identity = identity
    this.#store = store
  }

  /**
   * The identity that headers prove; null where they prove none.
   *
   * @param {import('node:http').IncomingHttpHeaders} headers
   * @returns {Promise<Identity | null>}
   */
  async identify (headers) {
    if (this.#identity.isOpen) return EVERYBODY
    const key = headers['x-api-key']
    if (typeof key === 'string') return headers.authorization === undefined ? this.#ofKey(key) : null
    const [, token] = /^Bearer ([\x21-\x7e]+)$/i.exec(headers.authorization ?? '') ?? []
    if (token === undefined || token.length > MAX_TOKEN_CHARS) return null
    // A JWT has three parts; keys have no dots.
    return token.includes('.') ? this.#ofToken(token) : this.#ofKey(token)
  }

  /** @param {string} token */
  async #ofToken (token) {
    const { jwt } = this.#identity
    if (jwt === undefined) return null
    this.#verify ??= tokenVerifier(jwt)
    const verify = await this.#verify
    let claims
    try {
      claims = await verify(token)
    } catch (error) {
      const { code } = /** @type {{ code?: string }} */ (error)
      // The set of keys cannot be had: nobody's fault who sends a token, and it may be better soon.
      if (code === undefined || code === 'ERR_JWKS_TIMEOUT' || code === 'ERR_JOSE_GENERIC') throw unavailable()
      return null
    }
    return identityOf({
      tenant: claims[jwt.tenantClaim], subject: claims.sub ?? 'unnamed', roles: claims[jwt.rolesClaim]
    })
  }

  /** @param {string} key */
  async #ofKey (key) {
    const digest = createHash('sha256').update(key).digest('base64')
    const now = performance.now()
    const known = this.#keys.get(digest)
    if (known !== undefined && known.until > now) return known.identity
    const found = await this.#store.apiKeyFind(key)
    const identity = found === null
      ? null
      : identityOf({ tenant: found.tenant, subject: `key:${found.id}`, roles: found.roles })
    // A Map keeps the order of insertion: the oldest goes.
    const [oldest] = this.#keys.keys()
    if (this.#keys.size >= KEY_CACHE_SIZE && oldest !== undefined) this.#keys.delete(oldest)
    this.#keys.delete(digest)
    this.#keys.set(digest, { until: now + KEY_CACHE_MS, identity })
    return identity
  }

  /** Forgets what is remembered of keys: one was revoked here. */
  forget () {
    this.#keys.clear()
  }
}

/**
 * @param {{ tenant: unknown, subject: unknown, roles: unknown }} claims
 * @returns {Identity | null}
 */
function identityOf ({ tenant, subject, roles }) {
  if (typeof tenant !== 'string' || !TENANT.test(tenant) || typeof subject !== 'string') return null
  const named = typeof roles === 'string' ? roles.split(/[ ,]+/) : roles
  if (!Array.isArray(named)) return null
  return { tenant, subject: subject.slice(0, MAX_SUBJECT_CHARS), roles: ROLES.filter((role) => named.includes(role)) }
}

/**
 * What checks a token's signature, times, issuer and audience.
 *
 * @param {import('../config/identity.js').JwtConfig} config
 */
async function tokenVerifier (config) {
  const jose = await import('jose')
  const options = {
    algorithms: config.algorithms,
    clockTolerance: config.clockSkewS,
    requiredClaims: ['exp'],
    ...(config.issuer === undefined ? {} : { issuer: config.issuer }),
    ...(config.audience === undefined ? {} : { audience: config.audience })
  }
  const key = await keyOf(jose, config)
  return async (/** @type {string} */ token) => {
    const { payload, protectedHeader } = await jose.jwtVerify(token, /** @type {any} */ (key), options)
    if (!TYPES.includes(protectedHeader.typ?.toLowerCase())) {
      throw Object.assign(new Error('another kind of token'), { code: 'ERR_JWT_TYPE' })
    }
    return payload
  }
}

/**
 * The key, or what finds it: of the configuration alone. What a token says of keys (`jku`, `jwk`, `x5u`) is not read,
 * and `kid` only chooses within the configured set.
 *
 * @param {typeof import('jose')} jose
 * @param {import('../config/identity.js').JwtConfig} config
 */
async function keyOf (jose, { secret, publicKey, jwksUrl, jwksCacheS, algorithms }) {
  if (secret !== undefined) return new TextEncoder().encode(secret)
  if (publicKey !== undefined) {
    const keys = new Map(await Promise.all(algorithms.map(async (name) =>
      /** @type {const} */ ([name, await jose.importSPKI(publicKey, name)]))))
    return (/** @type {{ alg: string }} */ { alg }) => keys.get(alg)
  }
  return jose.createRemoteJWKSet(new URL(/** @type {string} */ (jwksUrl)), { cacheMaxAge: jwksCacheS * 1_000 })
}

function unavailable () {
  return Object.assign(new Error('the keys of tokens cannot be had now; send it again'), {
    statusCode: 503, code: 'identity_unavailable'
  })
}

exports.EVERYBODY = EVERYBODY
exports.Verifier = Verifier
