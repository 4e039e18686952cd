'use strict'

/**
 * The name of this platform in file and package names, as napi-rs writes it: `linux-x64-gnu`, `darwin-arm64`.
 *
 * @returns {string}
 */
function platformName () {
  const base = `${process.platform}-${process.arch}`
  if (process.platform === 'win32') return `${base}-msvc`
  if (process.platform !== 'linux') return base
  return `${base}-${usesGlibc() ? 'gnu' : 'musl'}`
}

/** Two C libraries share the name "linux"; a library built for one cannot be loaded by the other. */
function usesGlibc () {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport())
  return report.header.glibcVersionRuntime !== undefined
}

/**
 * What is published, by the names above: what npm needs to know to install the one that fits.
 *
 * @type {{ [name: string]: { os: string, cpu: string, libc?: string } }}
 */
const PLATFORMS = {
  'darwin-arm64': { os: 'darwin', cpu: 'arm64' },
  'darwin-x64': { os: 'darwin', cpu: 'x64' },
  'linux-arm64-gnu': { os: 'linux', cpu: 'arm64', libc: 'glibc' },
  'linux-arm64-musl': { os: 'linux', cpu: 'arm64', libc: 'musl' },
  'linux-x64-gnu': { os: 'linux', cpu: 'x64', libc: 'glibc' },
  'linux-x64-musl': { os: 'linux', cpu: 'x64', libc: 'musl' },
  'win32-x64-msvc': { os: 'win32', cpu: 'x64' }
}

/**
 * What cargo calls the addon here.
 *
 * @param {NodeJS.Platform} platform
 * @returns {string}
 */
function cargoArtifact (platform) {
  if (platform === 'win32') return 'scrubjay_node.dll'
  return platform === 'darwin' ? 'libscrubjay_node.dylib' : 'libscrubjay_node.so'
}

module.exports = { PLATFORMS, platformName, cargoArtifact }
