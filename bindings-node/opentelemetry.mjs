import plugin from './opentelemetry.js'

export const { ScrubjayLogRecordExporter, ScrubjaySpanProcessor } = plugin
