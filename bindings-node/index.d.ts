/**
 * Privacy-first telemetry: one engine that validates and scrubs records alike in every runtime.
 *
 * A bad record is data (an {@link Outcome} with violations); a bad call throws a {@link ScrubjayError}.
 */

import type {
  AggregateSpec, ApiKey, ApiKeyInput, AuditEntry, AuditInput, BodyFormat, Buckets, CatalogMetric, ChangedKey,
  ClientChange, ClientConfig, ClientStats, ClientStatus, Codes, Config, ConsentEntry, ConsentGrant, ConsentState,
  ConsentTrailState, ConsentUpdate, ConsentWord, Counter, Deletion, DeletionWish, DeletionWord, DoctorReport,
  Explanation, ExportFormat, ExportPage, IngestOptions, InstrumentOptions, KeyPair, Measurement, MetricAttributes,
  Outcome, Page, PageSpec, ParquetPage, Plan, PlanDiff, PlanFigures, PreviewedRequest, QuerySpec, RecordInput, Recorder,
  Report, RequestContext, ScrubbedJson, ScrubbedText, ScrubjayError, ShutdownHooks, Span, SpanContext, SpanOptions,
  Stamp, StoreCheck, StoreOptions, StoreStats, Timer, TrailState, Unsealed, UserDataSpec, Verdict
} from './shapes.js'

export type * from './shapes.js'

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

  /**
   * Why {@link process} changes what it changes in a record, and keeps what it keeps although a rule finds it.
   * Never quotes a value. For people and reports: costs several times what processing does.
   *
   * @throws {ScrubjayError} `argument_invalid` for a malformed stamp
   */
  explain (record: RecordInput, stamp?: Stamp | string): Explanation

  /** {@link explain} as the exact canonical text. */
  explainText (record: RecordInput, stamp?: Stamp | string): string

  /** Scrubs free text. */
  scrubText (text: string): ScrubbedText

  /** Scrubs any JSON document, given as a value, or as JSON text or bytes. */
  scrubJson (document: RecordInput): ScrubbedJson
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

  /** Captures a record, in the present context; false where collection is off or the client is closed. Never throws, and
   * never blocks but in durable mode, where it returns when the record is on the disk. */
  track (record: RecordInput): boolean

  /** {@link track} that leaves the event loop alone in durable mode: resolves when the record is on the disk, to whether
   * it is. In other modes there is nothing to wait for. */
  trackAsync (record: RecordInput): Promise<boolean>

  /** Runs the engine at once, returns the outcome, and queues the record where it was accepted. All of the outcome but
   * its status is read when it is asked for; `toJSON` gives a plain object. */
  trackChecked (record: RecordInput): Outcome

  /** Runs a function in a new span, which ends with it, or with the promise it returns. An error that is thrown ends the
   * span with status `error`, and is thrown on. What is tracked within carries the span's ids. */
  span<T> (name: string, fn: (span: Span) => T): T
  span<T> (name: string, options: SpanOptions, fn: (span: Span) => T): T

  /** A span that the caller ends. Not the current one, but within {@link Span.run}. */
  startSpan (name: string, options?: SpanOptions): Span

  /** Adds a measurement to the metric of its name, which becomes a record once an interval; false where it was not added.
   * Never throws: what is none is a warning of the process, as every loss is. */
  measure (measurement: Measurement): boolean

  counter (name: string, options?: InstrumentOptions): Counter
  upDownCounter (name: string, options?: InstrumentOptions): Counter
  gauge (name: string, options?: InstrumentOptions): Recorder
  histogram (name: string, options?: InstrumentOptions): Recorder

  /** Measures the time until it is stopped into a histogram, in milliseconds. */
  timer (name: string, attributes?: MetricAttributes): Timer

  /** What the next requests would carry, byte for byte; nothing is sent. */
  preview (): PreviewedRequest[]

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

  /** What holds and who decided it; secrets are not shown. */
  status (): ClientStatus

  /** Records that the user agrees, by default to all purposes. Resolves to whether collection is on then; rejects with
   * `consent_unavailable` where it cannot be kept, and so does not count. */
  optIn (grant: ConsentGrant): Promise<boolean>

  /** Records that the user no longer agrees, by default to anything. Resolves when what was captured is erased from
   * memory and disk and nothing more will be sent; other processes follow within a second. Rejects with
   * `consent_unavailable` where it cannot be kept; this client is silent even then, if all purposes were meant. */
  optOut (withdrawal: ConsentWord): Promise<void>

  /** Asks the collector to delete everything that it has of a user. Resolves when the wish is on disk; it is tried in the
   * background until the collector has confirmed it, over restarts and also after an `optOut`. Rejects with
   * `argument_invalid`, `config_invalid` without a collector, `consent_unavailable`. */
  requestDeletion (wish: DeletionWish): Promise<void>

  /** Takes another configuration; what is queued stays, unless it turns collection off. The keys that changed.
   *
   * @throws {ScrubjayError} `config_invalid`, `config_unknown_key`; then nothing changes */
  reconfigure (config: Config | string): ChangedKey[]

  /** Calls the listener with each change of consent or configuration, by this process or another, and with each warning
   * (`kind: 'warning'`) that records are lost, within a second.
   *
   * @returns what removes it */
  addListener (listener: (change: ClientChange) => void): () => void

  /** Every change of the user's consent there was. @throws {ScrubjayError} `consent_unavailable` */
  consentHistory (): ConsentEntry[]

  /** Checks that no entry of the audit trail was changed. @throws {ScrubjayError} `consent_unavailable` */
  consentVerify (): ConsentTrailState

  [Symbol.asyncDispose] (): Promise<void>
}

/** What the storage raises where records cannot be kept or found. Whoever records best-effort traces swallows it. */
export class TelemetryStorageException extends Error {
  private constructor ()
  code: 'store_unavailable' | 'store_version'
  path: string
}

/**
 * Keeps what a collector accepted and answers questions about it. Nothing here blocks the event loop, but for opening
 * and closing.
 *
 * Every promise may reject with `argument_invalid` and the key, `closed`, or a {@link TelemetryStorageException}.
 */
export class Store {
  private constructor ()

  /**
   * Opens a folder, or makes it.
   *
   * @throws {ScrubjayError} `argument_invalid`
   * @throws {TelemetryStorageException} also where another process has the ingest log
   */
  static open (folder: string, options?: StoreOptions | string): Store

  /**
   * Gives all files of a store another key. Each is 32 bytes of base64; without `from` files are plain so far, without `to`
   * they become plain. Nobody else may have the store open. A call that was interrupted is repeated; until then the store
   * does not open. Rejects also with `argument_invalid` and the key, or `/folder`.
   */
  static convert (folder: string, keys: { from?: string | null, to?: string | null }): Promise<{ files: number }>

  /** Divides a body, processes each record and keeps what is accepted. Resolves once that is on disk. Rejects also with
   * `batch_unreadable`. */
  ingest (engine: Engine, tenant: string, format: BodyFormat, body: string | Uint8Array,
    options?: IngestOptions | string): Promise<Verdict>

  /** {@link ingest} as the exact text. */
  ingestText (engine: Engine, tenant: string, format: BodyFormat, body: string | Uint8Array,
    options?: IngestOptions | string): Promise<string>

  /** Resolves when everything that was acknowledged before can be found. */
  settle (): Promise<void>

  /** One page of a tenant's records, by rising time. */
  query (tenant: string, spec?: QuerySpec | string): Promise<Page>

  /** {@link query} as the exact text: integers beyond 2^53 keep their digits. */
  queryText (tenant: string, spec?: QuerySpec | string): Promise<string>

  /** Figures over a tenant's records. */
  aggregate (tenant: string, spec?: AggregateSpec | string): Promise<Buckets>

  /** {@link aggregate} as the exact text. */
  aggregateText (tenant: string, spec?: AggregateSpec | string): Promise<string>

  /** One page of a query, written for another program. */
  export (tenant: string, spec: QuerySpec | string | undefined, format: ExportFormat): Promise<ExportPage>

  /** One page of a query as a Parquet file. */
  exportParquet (engine: Engine, tenant: string, spec?: QuerySpec | string): Promise<ParquetPage>

  /** The report about all records that a query selects, whatever its `limit`. */
  report (engine: Engine, tenant: string, spec?: QuerySpec | string): Promise<Report>

  /** Erases a user, named by their id or as records name them. What comes later from before this moment is refused.
   * An erasure that fails is finished by the next, or when the store is opened again. */
  deleteUser (engine: Engine, tenant: string, userId: string, word?: DeletionWord | string): Promise<Deletion>

  /** One page of all that is kept of a user, whatever its kind. */
  userData (engine: Engine, tenant: string, userId: string, spec?: UserDataSpec | string): Promise<Page>

  /** {@link userData} as the exact text. */
  userDataText (engine: Engine, tenant: string, userId: string, spec?: UserDataSpec | string): Promise<string>

  /** Who was erased when, oldest first. */
  deletions (tenant: string, spec?: ListSpec | string): Promise<{ deletions: Deletion[], next: string | null }>

  /** Keeps a user's decisions; earlier ones stay. */
  consentUpdate (engine: Engine, tenant: string, update: ConsentUpdate | string): Promise<ConsentState>

  /** What a user decided. */
  consentStatus (engine: Engine, tenant: string, userId: string): Promise<ConsentState>

  /** Appends to the audit trail, which nothing else can write to. */
  auditAppend (tenant: string, entry: AuditInput | string): Promise<{ seq: number }>

  /** A tenant's entries, oldest first. */
  audit (tenant: string, spec?: ListSpec | string): Promise<{ entries: AuditEntry[], next: string | null }>

  /** Checks every entry of the trail, of all tenants. */
  auditVerify (): Promise<TrailState>

  /** Makes an API key. `key` is shown this once and kept as a hash only. */
  apiKeyAdd (tenant: string, wanted: ApiKeyInput | string): Promise<{ id: string, key: string }>

  /** Whose a key is; null where it is none, was revoked, or is past its time. */
  apiKeyFind (key: string): Promise<ApiKey | null>

  /** Ends a key at once; false where there is no living one. */
  apiKeyRevoke (tenant: string, id: string): Promise<{ revoked: boolean }>

  /** A tenant's keys, revoked ones too, oldest first. */
  apiKeys (tenant: string): Promise<ApiKey[]>

  /** Removes what is older than its table keeps it, as of `now`, an RFC 3339 time or a Date, or the clock. */
  retain (now?: Date | string): Promise<{ days: number, records: number }>

  /** Gives unused space back. */
  vacuum (): Promise<void>

  /** Copies the store into a new folder while it is in use. */
  backup (folder: string): Promise<void>

  /**
   * Applies to a restored backup what happened since it was made: erasures, decisions on consent, revoked keys. `folder`
   * has the newest `meta.db` of the store. Rejects with `argument_invalid` where that is another store's.
   */
  applyDeletions (folder: string): Promise<AppliedDeletions>

  /** Reads everything and says what is damaged. */
  check (): Promise<StoreCheck>

  /** What is there, over all tenants. */
  stats (): Promise<StoreStats>

  /** Empties the ingest log, if that takes no longer than a few seconds, and closes. Calls under way finish first; later
   * ones reject with `closed`. Idempotent. */
  close (): void
}

/** Runs a function in a context: what it tracks, and what it calls, callbacks and promises included, carries these fields
 * where it does not say otherwise itself. */
export function withContext<T> (fields: RequestContext, fn: () => T): T

/** The span in which this runs. */
export function currentSpan (): Span | undefined

/** W3C's header for calls of others: of the current span, or of the caller. */
export function currentTraceparent (): string | undefined

/** What a `traceparent` header says; null where it is none. */
export function readTraceparent (header: string | undefined): SpanContext | null

/** Delivers what is captured when the process is told to end, and lets it end then. Where others listen to the signal too,
 * they decide when. Nothing in this package listens to signals unless this is called.
 *
 * @returns what removes the hooks */
export function installShutdownHooks (options?: ShutdownHooks): () => void

/** The version of the engine, the same for all packages. */
export function version (): string

/** Every stable code there is. */
export function codes (): Codes

/** The record kinds as JSON Schema documents (2020-12), by the kinds' names. */
export function schemas (): { [schema: string]: { [keyword: string]: unknown } }

/** A report as one page of HTML that needs nothing else. */
export function reportPage (report: Report | string): string

/** The metrics whose type and unit are fixed. */
export function metricsCatalog (): CatalogMetric[]

/**
 * What a tracking plan holds.
 *
 * @throws {ScrubjayError} `config_invalid`, `config_unknown_key` where the plan cannot be used
 */
export function planCheck (plan: Plan | string): PlanFigures

/**
 * What a change of a tracking plan means for who follows the old one.
 *
 * @throws {ScrubjayError} as {@link planCheck}; the path begins with `/old` or `/new`
 */
export function planDiff (old: Plan | string, next: Plan | string): PlanDiff

/** A configuration with a name, with further keys of its section `client`: `debug` uploads nothing, `production` samples
 * a tenth and needs an endpoint, `disabled` is off whatever environment and file say.
 *
 * @throws {ScrubjayError} `argument_invalid` */
export function profile (name: 'debug' | 'production' | 'disabled', client?: ClientConfig): Config

/** Checks what a client of this configuration needs, and says what to do. Asks the endpoint. */
export function doctor (config?: Config | string): Promise<DoctorReport>

/** A fresh key pair for sealed values (`privacy.seal`). */
export function sealKeypair (): KeyPair

/** Opens the sealed values in a text, a JSON document, or lines of JSON; boxes of another key stay.
 *
 * @throws {ScrubjayError} `argument_invalid` for a key that is none */
export function unseal (secretKey: string, text: string): Unsealed

/** Panics on purpose inside the engine's guard, to prove that the host survives it.
 *
 * @throws {ScrubjayError} always, `internal` */
export function panicForTest (): never
