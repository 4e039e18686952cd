/** The dashboard: signs in, and draws each panel that the session's roles may see, again whenever something changes. */

import { Refused, get, leave, session } from './api.js'
import { release } from './chart.js'
import { el } from './dom.js'
import { Filters } from './filters.js'
import { time } from './format.js'
import { overTime, top } from './panels/events.js'
import { rejected, redactions, storage } from './panels/ingestion.js'
import { catalog, clients, distributions } from './panels/metrics.js'
import { audit, deletions } from './panels/privacy.js'
import { traces } from './panels/traces.js'

const PANELS = [overTime, top, distributions, catalog, traces, rejected, redactions, clients, storage, deletions, audit]
const SEES_FIGURES = ['viewer', 'analyst', 'admin']
const THEME = 'scrubjay.theme'

const panels = /** @type {HTMLElement} */ (document.getElementById('panels'))
const status = /** @type {HTMLElement} */ (document.getElementById('status'))
const who = /** @type {HTMLElement} */ (document.getElementById('who'))
const signOut = /** @type {HTMLButtonElement} */ (document.getElementById('sign-out'))
const reports = /** @type {HTMLElement} */ (document.getElementById('reports'))
const form = /** @type {HTMLFormElement} */ (document.getElementById('filters'))

/** @type {{ tenant: string, subject: string, roles: string[] } | null} */
let current = null
/** What is under way; a new round ends it. */
let round = new AbortController()
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer

const filters = new Filters(form, () => { draw() })

/** Whether the session has one of a panel's roles. @param {{ roles: string[] }} panel */
function maySee (panel) {
  return current !== null && panel.roles.some((role) => current?.roles.includes(role))
}

/** Asks for everything anew. */
async function draw () {
  if (current === null) return
  clearTimeout(timer)
  round.abort()
  round = new AbortController()
  const { signal } = round
  const selection = filters.selection
  try {
    const seesCounts = maySee({ roles: SEES_FIGURES })
    const [overview, counts] = await Promise.all([
      get('/dashboard/overview', {}, signal), seesCounts ? get('/records/counts', {}, signal) : undefined
    ])
    const view = { selection, signal, filters, overview, counts }
    await Promise.all(PANELS.filter(maySee).map((panel) => drawPanel(panel, view)))
    if (signal.aborted) return
    status.textContent = `As of ${time(Date.now())}`
  } catch (error) {
    if (signal.aborted) return
    if (error instanceof Refused && error.status === 401) return signIn('The session has ended. Sign in again.')
    status.textContent = `The collector does not answer: ${/** @type {Error} */ (error).message}`
  }
  const { refreshMs } = filters
  // A page that nobody looks at asks for nothing.
  if (refreshMs !== undefined) timer = setTimeout(() => { if (document.hidden) watchForReturn(); else draw() }, refreshMs)
}

function watchForReturn () {
  document.addEventListener('visibilitychange', () => { draw() }, { once: true })
}

/** @param {any} panel @param {any} view */
async function drawPanel (panel, view) {
  const section = sectionOf(panel)
  const body = section.lastElementChild
  section.setAttribute('aria-busy', 'true')
  try {
    const drawn = panel.draw(await panel.load(view), view)
    // What somebody has opened or is using stays under their hands until the next round.
    if (view.signal.aborted || body.contains(document.activeElement) && body.querySelector('.waterfall')) return
    const opened = [...body.querySelectorAll('details')].map(({ open }) => open)
    release(body)
    body.replaceChildren(drawn)
    body.querySelectorAll('details').forEach((/** @type {any} */ details, /** @type {number} */ i) => { details.open = opened[i] ?? false })
  } catch (error) {
    if (view.signal.aborted) return
    if (error instanceof Refused && error.status === 401) throw error
    release(body)
    body.replaceChildren(el('p', { class: 'fault' }, `${/** @type {Error} */ (error).message}`))
  } finally {
    if (!view.signal.aborted) section.removeAttribute('aria-busy')
  }
}

/** @param {any} panel */
function sectionOf ({ id, title, size }) {
  const found = document.getElementById(`panel-${id}`)
  if (found !== null) return found
  const heading = `heading-${id}`
  const section = el('section', { id: `panel-${id}`, class: size ?? '', 'aria-labelledby': heading },
    el('h2', { id: heading }, title), el('div', {}))
  panels.append(section)
  return section
}

/** @param {string} [reason] */
function signIn (reason) {
  round.abort()
  clearTimeout(timer)
  current = null
  form.hidden = signOut.hidden = reports.hidden = true
  who.textContent = status.textContent = ''
  const fault = el('p', { class: 'fault', role: 'alert' }, reason ?? '')
  const token = el('input', { id: 'token', type: 'password', autocomplete: 'off', required: true, spellcheck: false })
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault()
    try {
      begin(await session(token.value.trim()))
    } catch (error) {
      fault.textContent = error instanceof Refused && error.status === 401
        ? 'This token or key is not valid here. Ask who runs the collector for one with the role “viewer”.'
        : /** @type {Error} */ (error).message
      token.select()
    }
  }
  release(panels)
  panels.replaceChildren(el('section', { class: 'sign-in', 'aria-labelledby': 'heading-sign-in' },
    el('h2', { id: 'heading-sign-in' }, 'Sign in'),
    el('form', { onsubmit: submit },
      el('label', {}, 'Token or API key', token),
      el('button', { type: 'submit', class: 'first' }, 'Sign in'),
      fault,
      el('p', { class: 'note' }, 'It is exchanged for a cookie that scripts cannot read, and kept nowhere in this browser.'))))
  token.focus()
}

/** @param {Awaited<ReturnType<typeof session>>} opened */
function begin (opened) {
  if (opened === null) return signIn()
  current = opened
  who.textContent = `${opened.tenant} · ${opened.subject}`
  signOut.hidden = false
  reports.hidden = !maySee({ roles: SEES_FIGURES })
  panels.replaceChildren()
  filters.draw()
  draw()
}

/** @param {string} theme */
function paint (theme) {
  document.documentElement.dataset.theme = theme
  const button = /** @type {HTMLElement} */ (document.getElementById('theme'))
  button.setAttribute('aria-pressed', String(theme === 'dark'))
}

const preferred = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
paint(localStorage.getItem(THEME) ?? preferred)
document.getElementById('theme')?.addEventListener('click', () => {
  const theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'
  localStorage.setItem(THEME, theme)
  paint(theme)
  // Lines are drawn in the theme's colours.
  draw()
})
signOut.addEventListener('click', async () => {
  try {
    await leave()
  } finally {
    signIn()
  }
})

session().then(begin, (error) => signIn(error.message))
