'use strict'

/**
 * Puts the addon that cargo built where `index.js` looks for it. The argument is cargo's profile: `debug` (default)
 * or `release`.
 */

const { execFileSync } = require('node:child_process')
const { copyFileSync, renameSync, statSync } = require('node:fs')
const { join } = require('node:path')
const { cargoArtifact, platformName } = require('../lib/platform.js')

const packageFolder = join(__dirname, '..')
const [, , profile = 'debug'] = process.argv

/**
 * Cargo alone knows where it puts things: an environment variable or a configuration file may have moved its folder. So
 * it is asked to build once more, which is nothing to do, and says what it did.
 */
function built () {
  const flags = ['--quiet', '--locked', '--offline', '-p', 'scrubjay-node', '--message-format=json']
  if (profile === 'release') flags.push('--release')
  // As make was told.
  if (process.env.ENCRYPTION) flags.push('--features', 'encryption')
  const text = execFileSync('cargo', ['build', ...flags], { cwd: packageFolder, encoding: 'utf8', maxBuffer: 1 << 26 })
  const messages = text.trim().split('\n').map((line) => JSON.parse(line))
  const of = (/** @type {string} */ reason) => messages.findLast((message) => {
    return message.reason === reason && /[/#]scrubjay-node[#@]|bindings-node#/.test(message.package_id)
  })
  /** @type {string[]} */
  const files = of('compiler-artifact').filenames
  const library = files.find((name) => name.endsWith(cargoArtifact(process.platform))) ?? ''
  return { library, types: join(of('build-script-executed').out_dir, 'types', 'scrubjay-node') }
}

const { library: from, types } = built()
const to = join(packageFolder, `scrubjay.${platformName()}.node`)
// Renamed into place: overwriting a library that a running process has mapped would crash that process.
copyFileSync(from, `${to}.new`)
renameSync(`${to}.new`, to)
copyFileSync(types, join(packageFolder, `scrubjay.${platformName()}.types`))
console.log(`scrubjay.${platformName()}.node: ${statSync(to).size} bytes (${profile})`)
