/** Contexts, spans and measurements. */

/** What is known of where records are made. */
export interface RequestContext {
  tenant_id?: string
  /** Pseudonymised, as in records. */
  user_id?: string
  session_id?: string
  request_id?: string
  /** Name or pattern of the route. */
  route_name?: string
  ip_address?: string
  user_agent?: string
  /** W3C's header: what is made is in the caller's trace. One that is invalid starts a new trace. */
  traceparent?: string
}

/** A span's place in its trace. */
export interface SpanContext {
  /** 32 hex digits. */
  trace_id: string
  /** 16 hex digits. */
  span_id: string
  /** W3C's trace flags. */
  flags: number
}

export interface SpanOptions {
  /** Default: `internal`. */
  kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer'
  attributes?: { [name: string]: unknown }
  /** W3C's header of a caller. Default: what the present context says. */
  traceparent?: string
}

/** A unit of work, which becomes a record when it ends. Changes after its end are without effect. */
export interface Span {
  /** Empty where nothing is recorded, as of a client that is off, and no caller is known. */
  readonly traceId: string
  readonly spanId: string
  /** W3C's header for what this span calls; empty as {@link traceId} is. */
  readonly traceparent: string
  readonly isRecording: boolean
  updateName (name: string): this
  setAttribute (name: string, value: unknown): this
  setAttributes (attributes: { [name: string]: unknown }): this
  addEvent (name: string, attributes?: { [name: string]: unknown }): this
  setStatus (code: 'unset' | 'ok' | 'error', message?: string): this
  /** Adds an event with OpenTelemetry's attributes of an exception. */
  recordException (error: unknown): this
  /** Runs a function in this span, and leaves the span open. */
  run<T> (fn: () => T): T
  end (): void
  [Symbol.dispose] (): void
}

export type MetricAttributes = { [name: string]: string | number | boolean }

export interface InstrumentOptions {
  /** By UCUM, such as `ms` or `By`. */
  unit?: string
}

export interface Measurement extends InstrumentOptions {
  name: string
  type: 'counter' | 'updowncounter' | 'gauge' | 'histogram'
  value: number
  attributes?: MetricAttributes
}

/** Adds; a counter that is no up-down counter takes no negative values. False where nothing was added. */
export interface Counter {
  add (value?: number, attributes?: MetricAttributes): boolean
}

/** Records values: the latest of a gauge, the distribution of a histogram. False where nothing was recorded. */
export interface Recorder {
  record (value: number, attributes?: MetricAttributes): boolean
}

export interface Timer {
  /** Records the milliseconds since the start, once, and returns them. */
  stop (): number
  [Symbol.dispose] (): void
}

/** What a request would carry. */
export interface PreviewedRequest {
  to: string
  headers: { [name: string]: string }
  records: number
  /** After decompression. */
  body: string
  body_encoding: 'utf-8' | 'base64'
  /** Of what travels. */
  bytes: number
}

export interface ShutdownHooks {
  /** Default: `SIGTERM` and `SIGINT`. */
  signals?: NodeJS.Signals[]
  /** What the clients may take; default 1,000. */
  timeoutMs?: number
}
