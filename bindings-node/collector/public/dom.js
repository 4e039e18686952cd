/** Elements. Whatever comes from records becomes text and never markup: a name such as `<img onerror=…>` is shown. */

/**
 * @param {string} tag
 * @param {Record<string, any>} [properties] `class`, `on<event>`, properties of the element, or attributes with a dash
 * @param {...(Node | string | number | null | undefined | false)} children
 * @returns {any}
 */
export function el (tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue
    if (name === 'class') element.className = value
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (name.includes('-') || name === 'role' || name === 'scope' || name === 'for') element.setAttribute(name, value)
    else /** @type {any} */ (element)[name] = value
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false).map(textOr))
  return element
}

/** @param {any} child */
function textOr (child) {
  return child instanceof Node ? child : String(child)
}

/** The longest that something waits for the browser to have time for it. */
const IDLE_MS = 200

/** Does what nobody waits for. @param {() => void} act */
export function whenIdle (act) {
  // Safari has had no such call for long.
  if (typeof requestIdleCallback === 'function') requestIdleCallback(act, { timeout: IDLE_MS })
  else setTimeout(act)
}

/** How each table was sorted last, by its caption: a refresh keeps it. @type {Map<string, { column: number, isRising: boolean }>} */
const sorted = new Map()

/** What a cell is sorted by. @param {any} cell */
function valueOf (cell) {
  if (Array.isArray(cell)) return cell[1]
  if (cell instanceof Node) return cell.textContent ?? ''
  return cell?.value ?? cell ?? ''
}

/** @param {any} a @param {any} b */
function compare (a, b) {
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b))
}

/**
 * A table that sorts by a click on a column's name. `columns` are `{ name, number?, bar? }`; a cell is text, an element,
 * `{ value, shown }` where it sorts by something else than it shows, or, of a bar column, `[text, share]`.
 *
 * @param {string} caption what a screen reader calls it
 * @param {Array<{ name: string, number?: boolean, bar?: boolean, whole?: boolean }>} columns a `whole` one breaks no lines
 * @param {Array<Array<any>>} rows
 */
export function table (caption, columns, rows) {
  const kind = (/** @type {any} */ column) => column.number ? 'number' : column.bar ? 'bar' : column.whole ? 'whole' : ''
  const body = el('tbody')
  const heads = columns.map((column, i) => {
    const sort = el('button', { type: 'button', class: 'sort', onclick: () => sortBy(i) }, column.name)
    return el('th', { scope: 'col', class: kind(column) }, rows.length > 1 ? sort : column.name)
  })
  const lines = rows.map((cells) => ({ cells, line: el('tr', {}, ...cells.map((cell, i) => drawCell(cell, columns[i], kind(columns[i])))) }))
  const sortBy = (/** @type {number} */ column) => {
    const last = sorted.get(caption)
    // Numbers begin with the greatest, words with A.
    const isRising = last?.column === column ? !last.isRising : !(columns[column]?.number || columns[column]?.bar)
    sorted.set(caption, { column, isRising })
    show()
  }
  const show = () => {
    const order = sorted.get(caption)
    const shown = [...lines]
    if (order !== undefined && order.column < columns.length) {
      shown.sort((a, b) => compare(valueOf(a.cells[order.column]), valueOf(b.cells[order.column])) * (order.isRising ? 1 : -1))
    }
    heads.forEach((head, i) => {
      if (order?.column === i) head.setAttribute('aria-sort', order.isRising ? 'ascending' : 'descending')
      else head.removeAttribute('aria-sort')
    })
    body.replaceChildren(...shown.map(({ line }) => line))
  }
  show()
  // It scrolls in itself, so it has to be reached by the keyboard.
  return el('div', { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': caption },
    el('table', { 'aria-label': caption }, el('thead', {}, el('tr', {}, ...heads)), body))
}

/** @param {any} cell @param {any} column @param {string} kind */
function drawCell (cell, column, kind) {
  if (!column?.bar) return el('td', { class: kind }, cell?.shown ?? cell)
  const [text, share] = cell
  const bar = el('i')
  bar.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`
  return el('td', { class: 'bar' }, bar, el('span', {}, text))
}

/**
 * Figures with their names.
 *
 * @param {Array<[string, any, string?]>} pairs name, figure, unit
 */
export function figures (pairs) {
  return el('dl', { class: 'figures' }, ...pairs.map(([name, value, unit]) =>
    el('div', {}, el('dt', {}, name), el('dd', {}, value, unit ? el('small', {}, ` ${unit}`) : null))))
}

/** @param {string} text what is missing, and what to do @param {...any} more */
export function empty (text, ...more) {
  return el('p', { class: 'empty' }, text, ...more)
}
