'use strict'

/** Debian's Chromium, driven by playwright-core. */

const { existsSync } = require('node:fs')
const { chromium } = require('playwright-core')

const PATHS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where a browser is; nothing where there is none. */
const executablePath = PATHS.find((path) => path !== undefined && existsSync(path))

/** Why browser tests are skipped, for who reads the output. */
const MISSING = executablePath === undefined
  ? 'no Chromium here: apt-get install chromium, or set CHROMIUM to its path'
  : false

/** A browser for the tests of one file. */
async function launch (t) {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  t.after(() => browser.close())
  return browser
}

module.exports = { MISSING, executablePath, launch }
