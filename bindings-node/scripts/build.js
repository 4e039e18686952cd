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

/** Cargo alone knows its target folder: an environment variable or a configuration file may have moved it. */
function targetFolder () {
  const arguments_ = ['metadata', '--format-version=1', '--no-deps', '--offline']
  const text = execFileSync('cargo', arguments_, { cwd: packageFolder, encoding: 'utf8', maxBuffer: 1 << 26 })
  return JSON.parse(text).target_directory
}

const from = join(targetFolder(), profile, cargoArtifact(process.platform))
const to = join(packageFolder, `scrubjay.${platformName()}.node`)
// Renamed into place: overwriting a library that a running process has mapped would crash that process.
copyFileSync(from, `${to}.new`)
renameSync(`${to}.new`, to)
console.log(`scrubjay.${platformName()}.node: ${statSync(to).size} bytes (${profile})`)
