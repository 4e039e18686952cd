'use strict'

const { BODIES, GUARDED, failure, json } = require('../plugins/schemas.js')
const { JSON_TYPE, PREFIXES, brought, receiving } = require('./events.js')

/**
 * R4's two routes. They answer 202 with a correlation id; a sample whose user opted out gets the same answer, and
 * nothing of it is kept.
 */

const PLATFORM = { type: 'string', enum: ['android', 'fuchsia', 'ios', 'linux', 'macos', 'web', 'windows'] }
const NUMBER = { type: 'number', minimum: 0 }

const PERF_SAMPLE = {
  type: 'object',
  required: ['fps', 'frameTimeMs', 'eventReplayRate', 'samplingIntervalMs', 'platform', 'telemetryOptIn'],
  properties: {
    fps: NUMBER,
    frameTimeMs: NUMBER,
    eventReplayRate: NUMBER,
    samplingIntervalMs: NUMBER,
    cursorLatencyUs: NUMBER,
    snapshotDurationMs: NUMBER,
    platform: PLATFORM,
    flagsActive: { type: 'array', items: { type: 'string' } },
    documentId: { type: 'string', minLength: 1, maxLength: 255 },
    metadata: { type: 'object', additionalProperties: true },
    telemetryOptIn: { type: 'boolean', description: 'false: nothing of the sample is kept' }
  }
}

const REPLAY_INCONSISTENCY = {
  type: 'object',
  required: ['documentId', 'stateHashBefore', 'stateHashAfter'],
  properties: {
    documentId: { type: 'string', minLength: 1, maxLength: 255 },
    snapshotSequence: { type: 'integer', minimum: 0 },
    eventIds: { type: 'array', items: { type: 'string' } },
    stateHashBefore: { type: 'string', minLength: 1, maxLength: 255 },
    stateHashAfter: { type: 'string', minLength: 1, maxLength: 255 },
    clientVersion: { type: 'string', minLength: 1, maxLength: 255 },
    platform: PLATFORM,
    telemetryOptIn: { type: 'boolean' },
    metadata: { type: 'object', additionalProperties: true }
  }
}

const SAMPLES = [
  { name: 'perf-sample', kind: 'perf_sample_v1', body: PERF_SAMPLE, summary: 'Takes one performance sample (R4).' },
  {
    name: 'replay-inconsistency',
    kind: 'replay_inconsistency_v1',
    body: REPLAY_INCONSISTENCY,
    summary: 'Takes a report of a replay that led to another state (R4).'
  }
]

const OPENING = /^[\s]*\{/
const SCHEMA = Buffer.from('"schema"')

/**
 * The body as a record of the route's kind, whatever its members are. A body that names its kind is left as it is.
 *
 * @param {Buffer} body
 * @param {string} kind
 */
function ofKind (body, kind) {
  const [opening] = OPENING.exec(body.subarray(0, 256).toString('latin1')) ?? []
  if (opening === undefined || body.includes(SCHEMA)) return body
  const rest = body.subarray(opening.length)
  const comma = /^\s*\}/.test(rest.subarray(0, 256).toString('latin1')) ? '' : ','
  return Buffer.concat([Buffer.from(`{"schema":"${kind}"${comma}`), rest])
}

/**
 * @param {import('fastify').FastifyInstance} scope
 * @param {import('./events.js').Dependencies} dependencies
 */
async function sampleRoutes (scope, dependencies) {
  receiving(scope, dependencies, { contentTypes: [JSON_TYPE] })
  for (const { name, kind, body: bodySchema, summary } of SAMPLES) {
    for (const prefix of PREFIXES) {
      const schema = {
        hide: prefix !== PREFIXES[0],
        tags: ['ingestion'],
        summary,
        body: { content: { [JSON_TYPE]: { schema: bodySchema } } },
        response: {
          202: json('Taken, or, where the user opted out, discarded.', { correlationId: { type: 'string' } }),
          ...GUARDED,
          400: failure('Not JSON, or it breaks its schema; then with its violations.'),
          ...BODIES
        }
      }
      scope.post(`${prefix}/${name}`, { schema }, async (request, reply) => {
        const { tenant, body } = brought(request)
        const { opted_out: optedOut, results: [result] } =
          JSON.parse(await dependencies.ingestion.take(tenant, 'record', ofKind(body, kind)))
        const [violation] = result?.violations ?? []
        const hasOptedOut = optedOut > 0 || violation?.code === 'opted_out'
        if (hasOptedOut) request.log.info({ eventType: 'SampleRejected', reason: 'opted_out' }, 'sample rejected')
        if (hasOptedOut || result?.status === 'accepted') {
          return reply.code(202).send({ status: 'accepted', correlationId: request.id })
        }
        const error = { code: violation?.code ?? 'defect', message: violation?.message ?? 'the sample was dropped' }
        const violations = result?.violations ?? []
        return reply.code(400).send({ error, correlationId: request.id, violations })
      })
    }
  }
}

module.exports = { sampleRoutes }
