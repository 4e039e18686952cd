'use strict'

/**
 * Lays out what is published, as napi-rs does: `scrubjay` without an addon, and a package `@scrubjay/PLATFORM` for each
 * `scrubjay.PLATFORM.node` that stands here. npm installs the one that fits, by `os`, `cpu` and `libc`.
 *
 *     node scripts/layout.js FOLDER
 *
 * Then `npm publish FOLDER/npm/PLATFORM` for each, and `npm publish FOLDER` last.
 */

const { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } = require('node:fs')
const { join, resolve } = require('node:path')
const { PLATFORMS } = require('../lib/platform.js')

const ROOT = join(__dirname, '..')
/** @type {any} */
const whole = require('../package.json')
const { devDependencies, files, overrides, private: _, scripts, ...manifest } = whole

const [, , folder] = process.argv
if (folder === undefined) {
  console.error('usage: node scripts/layout.js FOLDER')
  process.exit(2)
}
const out = resolve(folder)

/**
 * @param {string} to
 * @param {object} content
 */
function writeManifest (to, content) {
  mkdirSync(to, { recursive: true })
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(content, null, 2)}\n`)
}

rmSync(out, { recursive: true, force: true })
const { version, license } = manifest
const published = files.filter((/** @type {string} */ file) => !file.endsWith('.node'))
const optionalDependencies = Object.fromEntries(Object.keys(PLATFORMS).map((name) => [`@scrubjay/${name}`, version]))
writeManifest(out, { ...manifest, files: published, optionalDependencies })
/** @type {string[]} */
const folders = published.filter((/** @type {string} */ file) => file.endsWith('/'))
const endings = ['README.md', '.js', '.mjs', '.d.ts']
for (const name of folders) cpSync(join(ROOT, name), join(out, name), { recursive: true })
for (const name of readdirSync(ROOT)) {
  if (endings.some((ending) => name.endsWith(ending))) cpSync(join(ROOT, name), join(out, name))
}
for (const [name, { os, cpu, libc }] of Object.entries(PLATFORMS)) {
  const file = `scrubjay.${name}.node`
  if (!existsSync(join(ROOT, file))) continue
  const description = `The compiled engine of scrubjay for ${name}.`
  const fits = { os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) }
  const { engines } = manifest
  const content = { version, description, license, main: file, files: [file], engines, ...fits }
  writeManifest(join(out, 'npm', name), { name: `@scrubjay/${name}`, ...content })
  cpSync(join(ROOT, file), join(out, 'npm', name, file))
}
