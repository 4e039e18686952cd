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

/**
 * A table. `columns` are `{ name, number?, bar? }`; of a bar column the cells are `[text, share]`.
 *
 * @param {string} caption what a screen reader calls it
 * @param {Array<{ name: string, number?: boolean, bar?: boolean }>} columns
 * @param {Array<Array<any>>} rows
 */
export function table (caption, columns, rows) {
  const kind = (/** @type {any} */ column) => column.number ? 'number' : column.bar ? 'bar' : ''
  const head = el('tr', {}, ...columns.map((column) => el('th', { scope: 'col', class: kind(column) }, column.name)))
  const body = rows.map((row) => el('tr', {}, ...row.map((cell, i) => {
    if (!columns[i]?.bar) return el('td', { class: kind(columns[i]) }, cell)
    const [text, share] = cell
    const bar = el('i')
    bar.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`
    return el('td', { class: 'bar' }, bar, el('span', {}, text))
  })))
  // It scrolls in itself, so it has to be reached by the keyboard.
  return el('div', { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': caption },
    el('table', { 'aria-label': caption }, el('thead', {}, head), el('tbody', {}, ...body)))
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
