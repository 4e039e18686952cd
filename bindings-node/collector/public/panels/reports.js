import { begin, get, lines } from '../api.js'
import { el, empty, table } from '../dom.js'
import { bytes } from '../format.js'

const ROOT = '/api/v1/telemetry/dashboard/reports'
const PERIODS = { daily: 'Last 24 hours', weekly: 'Last 7 days' }
/** @type {Record<string, string>} */
const FORMATS = { html: 'Page (HTML)', pdf: 'PDF', csv: 'Table (CSV)', json: 'JSON' }
/** @type {Record<string, string>} */
const STAGES = {
  waiting: 'Waiting for another report …', reading: 'Reading the records …', writing: 'Writing the report …', printing: 'Printing …'
}
const SHOWN = 20

/** The form, over refreshes: what somebody chose, and a report under way, stay. @type {HTMLElement | undefined} */
let form

/** Forgets the session's form. */
export function forget () {
  form = undefined
}

/** @param {string[]} formats that this collector can make */
function make (formats) {
  const state = el('div', { class: 'progress', role: 'status' })
  const button = el('button', { type: 'submit', class: 'first' }, 'Make the report')
  const submit = async (/** @type {any} */ event) => {
    event.preventDefault()
    const wanted = Object.fromEntries(new FormData(event.target))
    button.disabled = true
    const bar = el('progress', { max: 1, value: 0, 'aria-label': 'How far the report is' })
    const word = el('span', {}, 'Asking …')
    state.replaceChildren(bar, word)
    try {
      const { job_id: id } = await begin('/dashboard/reports/jobs', wanted)
      for await (const { stage, done, of, error } of lines(`/dashboard/reports/jobs/${id}`)) {
        if (error !== undefined) throw new Error(error.message)
        bar.max = of
        bar.value = done
        word.textContent = STAGES[stage] ?? ''
      }
      const name = `telemetry-${wanted.period}.${wanted.format}`
      const isPage = wanted.format === 'html'
      const link = el('a', isPage ? { href: `${ROOT}/jobs/${id}/content`, target: '_blank', rel: 'noopener' } : { href: `${ROOT}/jobs/${id}/content`, download: name },
        isPage ? 'Open the report' : `Save ${name}`)
      state.replaceChildren(el('span', {}, 'Done: '), link)
      link.focus()
    } catch (error) {
      state.replaceChildren(el('span', { class: 'bad' }, /** @type {Error} */ (error).message))
    } finally {
      button.disabled = false
    }
  }
  const options = (/** @type {Array<[string, string]>} */ pairs) => pairs.map(([value, name]) => el('option', { value }, name))
  return el('form', { class: 'row', onsubmit: submit, 'aria-label': 'Make a report' },
    el('label', {}, 'Period', el('select', { name: 'period' }, ...options(Object.entries(PERIODS)))),
    el('label', {}, 'Format', el('select', { name: 'format' }, ...options(Object.entries(FORMATS).filter(([format]) => formats.includes(format))))),
    button, state)
}

export const reports = {
  id: 'reports',
  title: 'Reports',
  size: 'wide',
  roles: ['viewer', 'analyst', 'admin'],
  follows: [],
  async load (/** @type {any} */ { overview, signal }) {
    const [setup, { reports: kept }] = await Promise.all([overview(), get('/dashboard/reports/kept', {}, signal)])
    return { setup, kept }
  },
  draw (/** @type {any} */ { setup, kept }) {
    form ??= make(setup.report_formats)
    const pdf = setup.report_formats.includes('pdf') ? null : el('p', { class: 'note' }, 'A PDF needs ', el('code', {}, 'TELEMETRY_REPORT_CHROMIUM'), ' at the collector.')
    const rows = kept.slice(0, SHOWN).map((/** @type {any} */ { name, period, day, format, bytes: size }) => [
      { value: day, shown: el('a', { href: `${ROOT}/kept/${name}`, ...(format === 'html' ? { target: '_blank', rel: 'noopener' } : { download: name }) }, name) },
      period, day, { value: size, shown: bytes(size) }
    ])
    const list = rows.length > 0
      ? table('Reports made on schedule', [{ name: 'Report', whole: true }, { name: 'Period' }, { name: 'Last day', whole: true }, { name: 'Size', number: true }], rows)
      : setup.report_schedule.length > 0
        ? empty('The first report on schedule is made when its day is over.')
        : empty('No reports are made on schedule: ', el('code', {}, 'TELEMETRY_REPORT_SCHEDULE=daily,weekly'), ' switches that on.')
    return el('div', {}, form, pdf, list)
  }
}
