/** The public API with the session's cookie. Nothing here knows a secret: the cookie is out of reach of scripts. */

const ROOT = '/api/v1/telemetry'

/** What requests that change something say beside the cookie: a page of another origin cannot know it. */
let csrf = ''

export class Refused extends Error {
  /** @param {number} status @param {string} code @param {string} message */
  constructor (status, code, message) {
    super(message)
    this.status = status
    this.code = code
  }
}

/**
 * @param {string} path below `/api/v1/telemetry`
 * @param {Record<string, string | number | undefined>} [parameters]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export function get (path, parameters = {}, signal) {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') query.set(name, String(value))
  }
  const text = query.toString()
  return answer(fetch(`${ROOT}${path}${text === '' ? '' : `?${text}`}`, { signal, credentials: 'same-origin' }))
}

/**
 * The session there is, or, with a token, a new one; null where there is none.
 *
 * @param {string} [token]
 * @returns {Promise<{ tenant: string, subject: string, roles: string[], csrf: string } | null>}
 */
export async function session (token) {
  const url = `${ROOT}/dashboard/session`
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  try {
    const found = await answer(fetch(url, { method: token === undefined ? 'GET' : 'POST', headers, credentials: 'same-origin' }))
    csrf = found.csrf
    return found
  } catch (error) {
    if (error instanceof Refused && error.status === 401 && token === undefined) return null
    throw error
  }
}

/** Ends the session. */
export function leave () {
  return answer(fetch(`${ROOT}/dashboard/session`, { method: 'DELETE', headers: { 'x-csrf-token': csrf }, credentials: 'same-origin' }))
}

/** @param {Promise<Response>} request */
async function answer (request) {
  const response = await request
  if (response.status === 204) return null
  const body = response.headers.get('content-type')?.includes('json') ? await response.json() : null
  if (response.ok) return body
  const { code = 'failed', message = `the collector answered ${response.status}` } = body?.error ?? {}
  throw new Refused(response.status, code, message)
}
