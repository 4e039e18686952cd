/** The latest records of a range, where pages run by rising time. */

/** Questions at most; each halves what is in doubt. */
const MAX_TRIES = 8
/** A page with this share of what it may hold is full enough. */
const ENOUGH = 0.25

/**
 * The page that ends with the latest records: it begins where no more than a page is left.
 *
 * @param {(startMs: number) => Promise<{ records: any[], next: string | null }>} ask a page of at most `most` from a moment on
 * @param {{ startMs: number, endMs: number, count: number }} range with how many records it has, about
 * @param {number} most
 * @returns {Promise<any[]>}
 */
export async function latest (ask, { startMs, endMs, count }, most) {
  // From `early` on there are more than a page, from `late` on few or none.
  let [early, late] = [startMs, endMs]
  // As if they came evenly; a little more room, since they do not.
  let at = count <= most ? startMs : Math.floor(endMs - (endMs - startMs) * most / count * 0.8)
  /** @type {any[]} */
  let best = []
  let isWhole = false
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { records, next } = await ask(at)
    if (next === null) {
      best = records
      isWhole = true
      if (at <= early || records.length >= most * ENOUGH) break
      late = at
    } else {
      early = at
      // Later ones are left out here; better than nothing as long as nothing else is known.
      if (!isWhole) best = records
    }
    const middle = Math.floor((early + late) / 2)
    if (middle <= early || middle >= late) break
    at = middle
  }
  return best
}
