// Reads OTLP requests with OpenTelemetry's own types and prints them as OTLP JSON:
// `node decode.mjs SIGNAL ENCODING FILE`.

import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import path from 'node:path'

const require = createRequire(import.meta.url)
const folder = path.dirname(require.resolve('@opentelemetry/otlp-transformer'))
const { opentelemetry: { proto: { collector } } } = require(path.join(folder, 'generated/root.js'))

const MESSAGES = {
  logs: collector.logs.v1.ExportLogsServiceRequest,
  metrics: collector.metrics.v1.ExportMetricsServiceRequest,
  traces: collector.trace.v1.ExportTraceServiceRequest
}
/** What OTLP's JSON has in hex where proto3 JSON has base64. */
const IDS = new Set(['traceId', 'spanId', 'parentSpanId'])

const [signal, encoding, file] = process.argv.slice(2)
const body = readFileSync(file)
const Message = MESSAGES[signal]
const message = encoding === 'json'
  ? Message.fromObject(recoded(JSON.parse(body), 'hex', 'base64'))
  : Message.decode(body)
const object = Message.toObject(message, { longs: String, bytes: String, json: true })
process.stdout.write(JSON.stringify(recoded(object, 'base64', 'hex')))

/** The same tree with its ids written the other way. */
function recoded (value, from, to) {
  if (Array.isArray(value)) return value.map((element) => recoded(element, from, to))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [
    name, IDS.has(name) ? Buffer.from(member, from).toString(to) : recoded(member, from, to)
  ]))
}
