import plugin from './express.js'

export const { expressTelemetry } = plugin
