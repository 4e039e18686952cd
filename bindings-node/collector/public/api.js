/** The public API with the session's cookie. Nothing here knows a secret: the cookie is out of reach of scripts. */

const ROOT = '/api/v1/telemetry'

/** What the collector puts into one answer of figures at most. */
export const MAX_BUCKETS = 20_000

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

/**
 * Asks the collector to begin something.
 *
 * @param {string} path
 * @param {Record<string, any>} parameters
 * @returns {Promise<any>}
 */
export function begin (path, parameters) {
  return answer(fetch(`${ROOT}${path}?${new URLSearchParams(parameters)}`, { method: 'POST', headers: { 'x-csrf-token': csrf }, credentials: 'same-origin' }))
}

/**
 * The lines of an answer that comes bit by bit, as they come.
 *
 * @param {string} path
 * @returns {AsyncGenerator<any>}
 */
export async function * lines (path) {
  const response = await fetch(`${ROOT}${path}`, { credentials: 'same-origin' })
  if (!response.ok || response.body === null) return answer(Promise.resolve(response))
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (let text = ''; ;) {
    const { value, done } = await reader.read()
    text += value ?? ''
    const whole = text.split('\n')
    text = whole.pop() ?? ''
    for (const line of whole) yield JSON.parse(line)
    if (done) return
  }
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
