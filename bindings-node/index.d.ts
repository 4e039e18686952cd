/**
 * Privacy-first telemetry: one engine that validates and scrubs records alike in every runtime.
 *
 * A bad record is data (an {@link Outcome} with violations); a bad call throws a {@link ScrubjayError}.
 */

/** A record: a plain object, or its JSON as text or UTF-8 bytes. */
export type RecordInput = string | Uint8Array | object

export type ErrorCode =
  | 'config_invalid'
  | 'config_unknown_key'
  | 'argument_invalid'
  | 'batch_unreadable'
  | 'closed'
  | 'store_unavailable'
  | 'store_version'
  | 'internal'
  | 'native_missing'

/** What every failed call throws, or rejects with. */
export interface ScrubjayError extends Error {
  /** Stable across releases and runtimes. */
  code: ErrorCode
  /** JSON Pointer into the configuration or specification; empty where there is none. */
  path: string
}

export interface Config {
  privacy?: {
    /** Default: `balanced`. */
    mode?: 'strict' | 'balanced' | 'minimal'
    pii_fields?: string[]
    hash_identifiers?: boolean
    anonymize_ips?: boolean
    /** At least 16 bytes. */
    pseudonym_key?: string
  }
  client?: {
    /** Off unless true, here or by `TELEMETRY_ENABLED`. */
    enabled?: boolean
    /** Base URL of the collector. */
    endpoint?: string
    api_key?: string
    queue_max_items?: number
    queue_max_bytes?: number
    batch_max_items?: number
    batch_max_bytes?: number
    flush_interval_ms?: number
    request_timeout_ms?: number
    retry_max_attempts?: number
    retry_initial_ms?: number
    retry_max_ms?: number
  }
}

export type Status = 'accepted' | 'rejected' | 'dropped'

export interface Violation {
  /** JSON Pointer into the record. */
  path: string
  /** One of `codes().violations`. */
  code: string
  /** What is expected there; never the value. */
  message: string
}

export interface Redaction {
  /** JSON Pointer into the record. */
  path: string
  /** One of `codes().rules`. */
  rule: string
  /** One of `codes().actions`. */
  action: string
}

/** The engine's verdict on a record and what it did to it. */
export interface Outcome {
  status: Status
  /** The record's UUID, where it has a valid one or was stamped. */
  id: string | null
  violations: Violation[]
  redactions: Redaction[]
  /** The scrubbed canonical record, or null where it could not be read. */
  record: TelemetryEvent | null
}

/** A `telemetry_event_v1` record in canonical form. */
export interface TelemetryEvent {
  schema: string
  id?: string
  /** RFC 3339, UTC. */
  timestamp: string
  tenant_id?: string
  user_id?: string
  session_id?: string
  sample_rate?: number
  context?: { [name: string]: unknown }
  channel: string
  event: string
  payload: { [name: string]: unknown }
}

/** What an absent id or timestamp is made of. */
export interface Stamp {
  /** RFC 3339 with an offset. */
  now: string
  /** 20 hex digits. */
  random: string
}

export interface ScrubbedText {
  redactions: Redaction[]
  text: string
}

export interface ScrubbedJson {
  violations: Violation[]
  redactions: Redaction[]
  /** The scrubbed document, or null where it could not be read. */
  json: unknown
}

export interface Codes {
  statuses: Status[]
  violations: string[]
  errors: ErrorCode[]
  actions: string[]
  rules: string[]
}

/** A compiled configuration: a pure function from a record to its outcome. */
export class Engine {
  /** @throws {ScrubjayError} `config_invalid`, `config_unknown_key` */
  constructor (config?: Config | string)

  /**
   * The outcome of one record. Pure: the same record gives the same outcome.
   *
   * @throws {ScrubjayError} `argument_invalid` for a malformed stamp
   */
  process (record: RecordInput, stamp?: Stamp | string): Outcome

  /** {@link process} as the exact canonical text: integers beyond 2^53 keep their digits. */
  processText (record: RecordInput, stamp?: Stamp | string): string

  /** {@link process} with the clock's time and fresh random bits as its stamp. */
  processNow (record: RecordInput): Outcome

  /** Scrubs free text. */
  scrubText (text: string): ScrubbedText

  /** Scrubs any JSON document, given as a value, or as JSON text or bytes. */
  scrubJson (document: RecordInput): ScrubbedJson
}

/** The books: accepted = delivered + pending + the sum of dropped. */
export interface ClientStats {
  enabled: boolean
  disabled_by: null | 'DO_NOT_TRACK' | 'OTEL_SDK_DISABLED' | 'TELEMETRY_ENABLED' | 'configuration'
  accepted: number
  delivered: number
  pending: number
  dropped: {
    queue_full: number
    invalid: number
    rejected: number
    export_failed: number
    too_large: number
    shutdown: number
  }
  not_captured: number
  violations: { [code: string]: number }
  redactions: { [rule: string]: number }
  requests: number
  retries: number
  last_error: string | null
}

/**
 * Captures, scrubs, batches and delivers records. Off unless turned on; any "off" in the environment wins.
 *
 * The delivering thread does not keep a process alive: await {@link shutdown} before the end, or use
 * `await using`.
 */
export class Client {
  /** Reads the environment's switches once and starts nothing.
   *
   * @throws {ScrubjayError} `config_invalid`, `config_unknown_key` */
  constructor (config?: Config | string)

  /** Captures a record; false where collection is off or the client is closed. Never blocks, never throws. */
  track (record: RecordInput): boolean

  /** Runs the engine at once, returns the outcome, and queues the record where it was accepted. */
  trackChecked (record: RecordInput): Outcome

  /** Resolves to true once everything captured before the call was delivered or finally dropped.
   *
   * @param timeoutMs milliseconds after which it resolves to false; default 30,000 */
  flush (timeoutMs?: number): Promise<boolean>

  /** Delivers what it can and stops; `track` returns false from then on. Idempotent.
   *
   * @param timeoutMs milliseconds it may take; default 1,000
   * @returns whether nothing was left behind */
  shutdown (timeoutMs?: number): Promise<boolean>

  stats (): ClientStats

  [Symbol.asyncDispose] (): Promise<void>
}

/** `record`: one JSON object; `batch`: a JSON array of them; `ndjson`: one a line. */
export type BodyFormat = 'record' | 'batch' | 'ndjson'

/** What became of a body; results stand in its order. */
export interface Verdict {
  /** Stored, now or earlier. */
  accepted: number
  rejected: number
  dropped: number
  /** Of the accepted, those stored earlier. */
  duplicates: number
  results: Array<{ status: Status, id: string | null, violations: Violation[] }>
  redactions: { [rule: string]: number }
}

/** Which records are meant. Times are RFC 3339 with an offset; the default range is the last 24 hours. */
export interface Selection {
  /** Included. */
  start_time?: string
  /** Not included. */
  end_time?: string
  channel?: string
  event?: string
  user_id?: string
}

export interface QuerySpec extends Selection {
  /** 1 to 1,000; default 100. */
  limit?: number
  /** `next` of an earlier page. */
  cursor?: string
}

export interface Page {
  records: TelemetryEvent[]
  next: string | null
}

export type Aggregation = 'count' | 'sum' | 'avg' | 'min' | 'max' | 'p50' | 'p95' | 'p99'

export interface AggregateSpec extends Selection {
  /** JSON Pointer to the number, such as `/payload/duration_ms`; every aggregation but `count` needs it. */
  field?: string
  /** Default: `count`. */
  aggregations?: Aggregation[]
  /** `channel`, `event`, `user_id`, `session_id`, or JSON Pointers; at most four. */
  group_by?: string[]
  interval?: '1m' | '5m' | '15m' | '1h' | '6h' | '1d'
  /** 1 to 20,000 buckets; default 1,000. */
  limit?: number
}

export type Bucket = {
  /** RFC 3339; absent without an interval. */
  start?: string
  group: { [key: string]: string | number | boolean | null }
} & { [figure in Aggregation]?: number | null }

export interface Buckets {
  buckets: Bucket[]
  /** Whether the limit cut some off. */
  truncated: boolean
}

export interface StoreStats {
  records: number
  days: Array<{ day: string, records: number, bytes: number }>
  bytes: number
  tenants: number
}

/** Keeps what a collector accepted and answers questions about it. Nothing here blocks the event loop. */
export class Store {
  private constructor ()

  /**
   * Opens a folder, or makes it.
   *
   * @throws {ScrubjayError} `store_unavailable`, `store_version`
   */
  static open (folder: string): Store

  /** Divides a body, processes each record and keeps what is accepted. Resolves once that is on disk.
   *
   * Rejects with `batch_unreadable`, `argument_invalid`, `store_unavailable`, `closed`. */
  ingest (engine: Engine, tenant: string, format: BodyFormat, body: string | Uint8Array): Promise<Verdict>

  /** {@link ingest} as the exact text. */
  ingestText (engine: Engine, tenant: string, format: BodyFormat, body: string | Uint8Array): Promise<string>

  /** One page of a tenant's records, by rising time. Rejects with `argument_invalid`, `closed`, … */
  query (tenant: string, spec?: QuerySpec | string): Promise<Page>

  /** {@link query} as the exact text: integers beyond 2^53 keep their digits. */
  queryText (tenant: string, spec?: QuerySpec | string): Promise<string>

  /** Figures over a tenant's records. Rejects with `argument_invalid`, `closed`, … */
  aggregate (tenant: string, spec?: AggregateSpec | string): Promise<Buckets>

  /** {@link aggregate} as the exact text. */
  aggregateText (tenant: string, spec?: AggregateSpec | string): Promise<string>

  /** What is there, over all tenants. */
  stats (): Promise<StoreStats>

  /** Calls under way finish first; later ones reject with `closed`. Idempotent. */
  close (): void
}

/** The version of the engine, the same for all packages. */
export function version (): string

/** Every stable code there is. */
export function codes (): Codes

/** Panics on purpose inside the engine's guard, to prove that the host survives it.
 *
 * @throws {ScrubjayError} always, `internal` */
export function panicForTest (): never
