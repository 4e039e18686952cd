'use strict'

/** The description of the API: served, readable, and the same as the one in the repository. */

const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const { test } = require('node:test')
const { FILE, describe } = require('../scripts/describe.js')
const { ACCESS } = require('../src/identity/roles.js')
const { build } = require('./collector.js')

test('api/telemetry.yaml is what is served; `npm run openapi` writes it', async () => {
  assert.equal(await describe(), readFileSync(FILE, 'utf8'))
})

test('the description is OpenAPI 3.1 and has every documented route with its answers', async (t) => {
  const { app } = build(t)
  const { openapi, paths, components } = (await app.inject('/openapi.json')).json()
  assert.equal(openapi, '3.1.0')
  for (const route of Object.keys(ACCESS).filter((route) => !/ \/v1\/telemetry|openapi|\*$/.test(route))) {
    const [method, pattern] = route.split(' ')
    const operation = paths[pattern.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
    assert.ok(operation, route)
    assert.ok(operation.summary && operation.tags.length === 1, route)
    const isPublic = ACCESS[route] === 'public'
    assert.deepEqual(operation.security, isPublic ? [] : undefined, route)
    if (!isPublic) for (const status of [401, 403, 429]) assert.ok(operation.responses[status], `${route} ${status}`)
  }
  for (const [, name] of JSON.stringify(paths).matchAll(/#\/components\/schemas\/([\w-]+)/g)) assert.ok(components.schemas[name])
})

test('the pages that show it load nothing from elsewhere', async (t) => {
  const { app } = build(t)
  const page = await app.inject('/docs/static/index.html')
  const other = await app.inject('/docs')
  const text = page.statusCode === 200 ? page.body : other.body
  assert.match(text, /swagger/i)
  assert.doesNotMatch(text, /(src|href)="(https?:)?\/\//)
})
