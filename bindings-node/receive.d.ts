/** What a collector needs to take in what others send: `require('scrubjay/receive')`. */

import type { BodyFormat, Engine } from './index.js'

export type OtlpSignal = 'logs' | 'metrics' | 'traces'

export type OtlpEncoding = 'protobuf' | 'json'

/** An OTLP request as records. */
export interface OtlpRecords {
  /** Bodies of JSON lines, made for `Store.ingest` as `ndjson`. */
  bodies: Buffer[]
  /** Log records, data points or spans that no record can say. */
  rejected: number
  /** Why the first of those was rejected; empty where none was. */
  reason: string
}

/** The records of an OTLP request. Rejects with `batch_unreadable` where the body is none. */
export function otlpRecords (signal: OtlpSignal, encoding: OtlpEncoding, body: Uint8Array): Promise<OtlpRecords>

/** The body of the answer to an OTLP request, of which some items were not taken. */
export function otlpAnswer (signal: OtlpSignal, encoding: OtlpEncoding, rejected: number, reason: string): Buffer

/** The body of a refusal of an OTLP request: a `Status`. */
export function otlpRefusal (encoding: OtlpEncoding, httpStatus: number, message: string): Buffer

/** A body without its zstd compression; null where that has more than `limit` bytes. Rejects with `batch_unreadable`. */
export function inflateZstd (body: Uint8Array, limit: number): Promise<Buffer | null>

/** The records of a body that its verdict accepted, raw but with the id and tenant that they were kept under. */
export function forwarded (format: string, body: Uint8Array, verdict: string, tenant: string): Promise<string[]>

/** What an engine says of a body, of which nothing is kept: a verdict as JSON text. Rejects with `batch_unreadable`. */
export function checkText (engine: Engine, format: BodyFormat, body: Uint8Array): Promise<string>
