/** The shapes of what goes into scrubjay and comes out of it; see `index.d.ts` for the calls. */

import type { CanonicalRecord } from './shapes/records.js'

export type * from './shapes/client.js'
export type * from './shapes/config.js'
export type * from './shapes/plan.js'
export type * from './shapes/records.js'
export type * from './shapes/tracing.js'

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
  | 'consent_unavailable'
  | 'internal'
  | 'native_missing'

/** What every failed call throws, or rejects with. */
export interface ScrubjayError extends Error {
  /** Stable across releases and runtimes. */
  code: ErrorCode
  /** JSON Pointer into the configuration or specification; empty where there is none. */
  path: string
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
  /** The scrubbed canonical record, or null where it could not be read. One that was not accepted may be of another form. */
  record: CanonicalRecord | null
}

/** What an absent id or timestamp is made of. */
export interface Stamp {
  /** RFC 3339 with an offset. */
  now: string
  /** 20 hex digits. */
  random: string
}

/** What was decided about one kind of finding at one place. */
export interface Decision {
  /** JSON Pointer into the record as it was written. */
  path: string
  /** One of `codes().rules`; never the value. */
  rule: string
  /** One of `codes().actions`; `keep` where nothing was done. */
  action: string
  /** One of `codes().reasons`. */
  reason: string
}

/** Why scrubbing did what it did to one record. */
export interface Explanation {
  status: Status
  violations: Violation[]
  /** What was changed and what was kept, in document order. */
  decisions: Decision[]
}

/** A text whose sealed values were opened. */
export interface Unsealed {
  opened: number
  /** Boxes of another key; they stay. */
  failed: number
  text: string
}

/** Keys of sealed values, in base64url. */
export interface KeyPair {
  /** For the configuration, `privacy.seal.public_key`. */
  public_key: string
  /** For whoever may open what is sealed. */
  secret_key: string
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
  reasons: string[]
}

/** A metric of the catalog. */
export interface CatalogMetric {
  name: string
  type: 'counter' | 'gauge' | 'histogram'
  unit: string
  description: string
}

/** `record`: one JSON object; `batch`: a JSON array of them; `ndjson`: one a line. */
export type BodyFormat = 'record' | 'batch' | 'ndjson'

/** What a store is opened with. */
export interface StoreOptions {
  /** Whether requests are acknowledged by the segment log and indexed later; default: true. One process has the log;
   * beside it others open the store with false. */
  ingest_log?: boolean
  /** Days that each table keeps its records for, 1 to 90; default: 30. */
  retention_days?: { events?: number, metrics?: number, traces?: number, logs?: number }
  /** 32 bytes of base64 that encrypt everything the store keeps, where the addon was built with it. */
  encryption_key?: string
  /** Purposes of channels that have another one than analytics, as in `client.purposes`. */
  purposes?: { [channel: string]: Purpose }
  /** Records with an older stamp are put under the present, and say so; default: 90. */
  max_past_days?: number
  /** Bytes that may wait to be indexed before requests are refused; default: 1 GiB. */
  max_log_bytes?: number
}

export interface IngestOptions {
  /** Whether consent decides what is kept; default: true. */
  opt_out_enforce?: boolean
  /**
   * Whether the verdict says which records were withheld, though their senders see them accepted: for whoever passes the
   * rest on, and nobody else. Default: false.
   */
  tell_withheld?: boolean
}

/** What became of a body; results stand in its order. Each record counts in one of the first five. */
export interface Verdict {
  /** Kept, now or earlier. */
  accepted: number
  rejected: number
  dropped: number
  /** Their user said no: nothing of them is kept, and their result says accepted. */
  opted_out: number
  /** From before their user was erased: as above. */
  refused: number
  /** Of the accepted, those known to have been kept earlier. */
  duplicates: number
  /** Of the accepted, those with an impossible stamp: see `context.original_timestamp`. */
  clamped: number
  results: Array<{ status: Status, id: string | null, violations: Violation[] }>
  redactions: { [rule: string]: number }
}

/** Which records are meant. Times are RFC 3339 with an offset; the default range is the last 24 hours. */
export interface Selection {
  /** Included. */
  start_time?: string
  /** Not included. */
  end_time?: string
  /** The kind of record, or `any`; default: `telemetry_event_v1`, with `trace_id` or `request_id` any. */
  schema?: string
  /** Of kinds without a channel: `trace`, `log`, `metric`, `span`, `perf_sample`, `replay_inconsistency`. */
  channel?: string
  /** Of kinds without an event: event key, event type, name, platform, client version. */
  event?: string
  /** The event, or channel and event joined by a dot. */
  name?: string
  /** As records name the user. */
  user_id?: string
  /** 32 hex digits. */
  trace_id?: string
  /** Traces by their index; other kinds are searched within the range. */
  request_id?: string
  /** `now` waits for what was acknowledged; default: `eventual`. */
  consistency?: 'now' | 'eventual'
}

export interface QuerySpec extends Selection {
  /** 1 to 1,000; default 100. */
  limit?: number
  /** `next` of an earlier page. */
  cursor?: string
}

export interface Page {
  records: CanonicalRecord[]
  next: string | null
}

/** `count` is what sampled records stand for, and the measurements of histograms; `records` are the stored ones. */
export type Aggregation = 'count' | 'records' | 'users' | 'sum' | 'avg' | 'min' | 'max' | 'p50' | 'p95' | 'p99'

export interface AggregateSpec extends Selection {
  /** JSON Pointer to the number, such as `/payload/duration_ms`; sum, avg, min, max and percentiles need it. */
  field?: string
  /** Default: `count`. */
  aggregations?: Aggregation[]
  /** `schema`, `channel`, `event`, `user_id`, `session_id`, or JSON Pointers; at most four. */
  group_by?: string[]
  interval?: '1m' | '5m' | '15m' | '1h' | '6h' | '1d'
  /** 1 to 20,000 buckets; default 1,000. */
  limit?: number
  /** Only so many groups of each interval, the greatest first. */
  top?: number
  /** By which of the aggregations; default: the first. */
  order_by?: Aggregation
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
  /** Records that came after their user was erased. */
  refused: number
  /** Null without an ingest log. */
  ingest_log: null | {
    /** Durable and not indexed yet. */
    pending: number
    bytes: number
    /** Since the store was opened. */
    indexed: number
    /** Records that the disk lost. */
    lost: number
    /** Why the indexer does not get on. */
    error: string | null
  }
}

/** `csv` is RFC 4180 and free of formulas; `json` is an array a page. */
export type ExportFormat = 'json' | 'ndjson' | 'csv'

export interface ExportPage {
  content: string
  records: number
  next: string | null
}

/** One page of records as a Parquet file: its columns are those of the ETL. */
export interface ParquetPage {
  content: Buffer
  records: number
  next: string | null
}

/** The aggregate report over records (R0), as `scrubjay etl` writes it; {@link reportPage} shows it. */
export interface Report {
  read: number
  accepted: number
  rejected: number
  dropped: number
  [part: string]: unknown
}

export interface PageSpec {
  /** 1 to 1,000; default 100. */
  limit?: number
  /** `next` of an earlier page. */
  cursor?: string
}

/** A page of a list that has an order: the oldest first, unless told otherwise. */
export interface ListSpec extends PageSpec {
  order?: 'asc' | 'desc'
}

/** Which of a user's records; without `start_time` whatever their time. */
export interface UserDataSpec extends PageSpec {
  start_time?: string
  end_time?: string
  consistency?: 'now' | 'eventual'
}

/** Who asks for an erasure, for the audit trail. */
export interface DeletionWord {
  actor?: string
  source?: string
}

export interface Deletion {
  request_id: string
  /** Their pseudonym, or a salted hash of an id that was none. */
  user: string
  records: number
  requested_at: string
  /** Null while it is under way. */
  completed_at: string | null
  audit_seq: number | null
}

export interface ConsentUpdate {
  user_id: string
  purposes: { [purpose in Purpose]?: boolean }
  notice_version?: string
  source?: string
}

export interface ConsentDecision {
  granted: boolean
  at: string
  notice_version: string
  source: string
}

export interface ConsentState {
  /** As the ledger names them. */
  user: string
  /** What holds. */
  purposes: { [purpose in Purpose]?: ConsentDecision }
  /** Every decision, oldest first. */
  history: Array<ConsentDecision & { purpose: Purpose }>
}

export interface AuditInput {
  actor?: string
  /** What was done, such as `user.delete`. */
  action: string
  subject?: string
  detail?: string
}

export interface AuditEntry extends Required<AuditInput> {
  seq: number
  at: string
  /** Seals the entry and all before it. */
  hash: string
}

export interface ApiKeyInput {
  name?: string
  /** Words of a-z, 0-9 and _. */
  roles: string[]
  /** RFC 3339. */
  expires_at?: string
}

export interface ApiKey {
  id: string
  tenant: string
  name: string
  roles: string[]
  created_at: string
  expires_at: string | null
  revoked_at: string | null
}

/** What a restored backup took over. */
export interface AppliedDeletions {
  /** Users who were erased since. */
  deletions: number
  /** Decisions on consent. */
  consents: number
  /** API keys that were revoked. */
  revoked_keys: number
  /** Records that were erased for it. */
  records: number
}

export interface StoreCheck {
  ok: boolean
  files: Array<{ file: string, faults: string[] }>
}
