/** The dashboard: signs in, and draws each panel that the session's roles may see, again whenever something changes. */

import { MAX_BUCKETS, Refused, get, leave, session } from './api.js'
import { release, repaint, succeed } from './chart.js'
import { el, whenIdle } from './dom.js'
import { Filters } from './filters.js'
import { time } from './format.js'
import { overTime, top } from './panels/events.js'
import { headline } from './panels/headline.js'
import { rejected, redactions, storage } from './panels/ingestion.js'
import { catalog, clients, distributions } from './panels/metrics.js'
import { audit, deletions } from './panels/privacy.js'
import { forget as forgetReports, reports as reportsPanel } from './panels/reports.js'
import { forget as forgetTrace, traces } from './panels/traces.js'

const PANELS = [headline, overTime, top, distributions, catalog, traces, rejected, redactions, clients, storage, reportsPanel, deletions, audit]
const SEES_FIGURES = ['viewer', 'analyst', 'admin']
const THEME = 'scrubjay.theme'

const panels = /** @type {HTMLElement} */ (document.getElementById('panels'))
const status = /** @type {HTMLElement} */ (document.getElementById('status'))
const who = /** @type {HTMLElement} */ (document.getElementById('who'))
const signOut = /** @type {HTMLButtonElement} */ (document.getElementById('sign-out'))
const reports = /** @type {HTMLElement} */ (document.getElementById('reports'))
const banner = /** @type {HTMLElement} */ (document.getElementById('banner'))
const form = /** @type {HTMLFormElement} */ (document.getElementById('filters'))

/** @type {{ tenant: string, subject: string, roles: string[] } | null} */
let current = null
/** What each panel asks for; asking anew ends it. @type {Map<string, AbortController>} */
const asking = new Map()
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer
/** What no filter changes; a whole round asks for it anew. @type {{ overview: () => Promise<any>, counts: () => Promise<any> } | undefined} */
let setup
/** Ends what several panels of the last round asked together. */
let together = new AbortController()
/** Whether days that are over were asked for already, so that longer ranges are at hand. */
let isWarm = false

const filters = new Filters(form, (changed) => { draw(changed) })

/** Whether the session has one of a panel's roles. @param {{ roles: string[] }} panel */
function maySee (panel) {
  return current !== null && panel.roles.some((role) => current?.roles.includes(role))
}

/**
 * Asks anew for what the panels show: all of them, or those that follow one of the filters that changed.
 *
 * @param {string[]} [changed]
 */
async function draw (changed) {
  if (current === null) return
  clearTimeout(timer)
  const follows = (/** @type {any} */ panel) => changed === undefined || changed.some((key) => panel.follows.includes(key))
  const wanted = PANELS.filter(maySee).filter(follows)
  if (wanted.length === 0) return refreshLater()
  const sections = wanted.map((panel) => sectionOf(panel))
  // Looked at before anything changes, or the browser would have to lay the page out for it.
  const isSeen = sections.map(isInWindow)
  const rounds = wanted.map(({ id }) => {
    asking.get(id)?.abort()
    const controller = new AbortController()
    asking.set(id, controller)
    return controller
  })
  const { selection } = filters
  const view = { ...questions(selection, changed === undefined), selection, filters }
  const drawAll = (/** @type {boolean} */ seen) => Promise.allSettled(wanted.flatMap((panel, i) =>
    isSeen[i] === seen ? [drawPanel(panel, view, /** @type {AbortController} */ (rounds[i]))] : []))
  // What can be seen goes first: the rest would only hold it up.
  const first = drawAll(true)
  for (const section of sections) section.setAttribute('aria-busy', 'true')
  const outcomes = await first
  outcomes.push(...await drawAll(false))
  const failed = outcomes.find(({ status }) => status === 'rejected')
  if (failed !== undefined) return signIn('The session has ended. Sign in again.')
  const isWhole = outcomes.every((outcome) => outcome.status === 'fulfilled' && outcome.value)
  if (isWhole) status.textContent = `As of ${time(Date.now())}`
  tell(panels.querySelector('.stale, .fault') !== null)
  refreshLater()
  if (!isWarm) warm()
}

/** Says once, above all panels, that some of them are not as they should be. @param {boolean} isFailing */
function tell (isFailing) {
  if (banner.hidden === !isFailing) return
  banner.hidden = !isFailing
  banner.replaceChildren(...isFailing
    ? [el('span', {}, 'The collector did not answer everything. Greyed figures are from before.'), el('button', { type: 'button', onclick: () => draw() }, 'Try again')]
    : [])
}

/** @param {HTMLElement} section */
function isInWindow (section) {
  const { top, bottom } = section.getBoundingClientRect()
  return bottom > 0 && top < innerHeight
}

function refreshLater () {
  const { refreshMs } = filters
  clearTimeout(timer)
  // A page that nobody looks at asks for nothing.
  if (refreshMs !== undefined) timer = setTimeout(() => { if (document.hidden) watchForReturn(); else draw() }, refreshMs)
}

/**
 * What several panels ask for, each asked once a round, by the first panel that needs it.
 *
 * @param {Filters['selection']} selection
 * @param {boolean} isWhole whether all panels ask anew, and not those that follow a filter
 */
function questions ({ start_time, end_time, channel, name }, isWhole) {
  if (isWhole || setup === undefined) {
    setup = {
      overview: once(() => get('/dashboard/overview')),
      counts: once(async () => maySee({ roles: SEES_FIGURES }) ? get('/records/counts') : undefined)
    }
  }
  together.abort()
  together = new AbortController()
  const { signal } = together
  const names = once(() => get('/metrics/aggregate', {
    schema: 'any', start_time, end_time, channel, event: name, group_by: 'schema,channel,event', limit: MAX_BUCKETS
  }, signal))
  return { ...setup, names }
}

/** @template T @param {() => Promise<T>} ask @returns {() => Promise<T>} */
function once (ask) {
  /** @type {Promise<T> | undefined} */
  let answer
  return () => {
    if (answer !== undefined) return answer
    answer = ask()
    // Who comes later asks again.
    answer.catch(() => { answer = undefined })
    return answer
  }
}

/** Lets the collector count the days of the longer ranges while nobody waits for them. */
function warm () {
  if (current === null || !maySee({ roles: SEES_FIGURES })) return
  isWarm = true
  whenIdle(() => { filters.warm().catch(() => {}) })
}

function watchForReturn () {
  document.addEventListener('visibilitychange', () => { draw() }, { once: true })
}

/**
 * @param {any} panel
 * @param {any} view
 * @param {AbortController} controller ends it
 * @returns {Promise<boolean>} whether it shows what was asked for
 * @throws {Refused} 401
 */
async function drawPanel (panel, view, controller) {
  const { signal } = controller
  // A later round asks for it already.
  if (signal.aborted) return false
  const section = sectionOf(panel)
  const body = section.lastElementChild
  try {
    const own = { ...view, signal }
    const drawn = panel.draw(await panel.load(own), own)
    if (signal.aborted) return false
    replace(body, drawn)
    section.classList.remove('stale')
    return true
  } catch (error) {
    if (signal.aborted) return false
    if (error instanceof Refused && error.status === 401) throw error
    // Old figures are better than none, where they are told to be old.
    const isAway = !(error instanceof Refused)
    if (isAway && body.querySelector('.skeleton, .fault') === null) section.classList.add('stale')
    else replace(body, el('p', { class: 'fault' }, isAway ? 'No answer yet.' : error.message))
    return false
  } finally {
    if (asking.get(panel.id) === controller) {
      asking.delete(panel.id)
      section.removeAttribute('aria-busy')
    }
  }
}

/** What somebody scrolled. Asking each region where it stands would have the page laid out for every panel. @type {WeakSet<Element>} */
const moved = new WeakSet()
panels.addEventListener('scroll', ({ target }) => { moved.add(/** @type {Element} */ (target)) }, { capture: true, passive: true })

/** Puts new content in place; what is open stays open, and who uses the keyboard stays where they are. @param {any} body @param {any} drawn */
function replace (body, drawn) {
  const opened = [...body.querySelectorAll('details')].map(({ open }) => open)
  const focused = body.contains(document.activeElement) ? document.activeElement : null
  const scrolled = [...body.querySelectorAll('.scroll')].map((region) => moved.has(region) ? region.scrollTop : 0)
  succeed(body, drawn)
  body.replaceChildren(drawn)
  body.querySelectorAll('details').forEach((/** @type {any} */ details, /** @type {number} */ i) => {
    if (opened[i] !== true) return
    details.open = true
    // The browser's own word of it comes a frame later.
    details.dispatchEvent(new Event('toggle'))
  })
  body.querySelectorAll('.scroll').forEach((/** @type {any} */ region, /** @type {number} */ i) => { if (scrolled[i] > 0) region.scrollTop = scrolled[i] })
  if (focused === null || body.contains(focused)) return
  const like = [...body.querySelectorAll(focused.tagName)].find((one) => one.textContent === focused.textContent)
  like?.focus({ preventScroll: true })
}

/** @param {any} panel */
function sectionOf ({ id, title, size }) {
  const found = document.getElementById(`panel-${id}`)
  if (found !== null) return found
  const heading = `heading-${id}`
  const section = el('section', { id: `panel-${id}`, class: size ?? '', 'aria-labelledby': heading },
    el('h2', { id: heading }, title), el('div', { class: 'body' }, el('p', { class: 'skeleton' }, 'Loading …')))
  panels.append(section)
  return section
}

/** @param {string} [reason] */
function signIn (reason) {
  for (const controller of asking.values()) controller.abort()
  asking.clear()
  together.abort()
  setup = undefined
  clearTimeout(timer)
  current = null
  forgetTrace()
  forgetReports()
  form.hidden = signOut.hidden = reports.hidden = true
  who.textContent = status.textContent = ''
  tell(false)
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
  repaint()
})
signOut.addEventListener('click', async () => {
  try {
    await leave()
  } finally {
    signIn()
  }
})

session().then(begin, (error) => signIn(error.message))
