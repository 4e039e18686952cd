/** A transport for pino: `pino({ mixin: traceMixin }, pino.transport({ target: 'scrubjay/pino', options }))`. */

import type { Writable } from 'node:stream'
import type { Config } from './index.js'

export interface PinoTransportOptions {
  /** Of the client, which lives in the transport's thread. */
  config?: Config
  /** Of records whose logger has no name; default `app`. */
  component?: string
  /** Of records that have no `event_type`; default `log`. */
  eventType?: string
  /** What the end of the logger may take; default 1,000. */
  timeoutMs?: number
}

/** What pino calls. `pid` and `hostname` are left out: the resource says what sends. */
export default function transport (options?: PinoTransportOptions): Promise<Writable>

/** The ids of the current span, for pino's `mixin`. */
export function traceMixin (): { trace_id?: string, span_id?: string }
