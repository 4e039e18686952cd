/// Privacy-first telemetry: one engine validates and scrubs alike in Dart, Python, Node and the collector.
///
/// [Client] captures records and delivers them in the background; [Engine] answers at once what becomes of a
/// record. [NoOpClient] and [FakeClient] stand in where telemetry is off or under test; neither needs the native
/// library, and [openClient] goes on without it. [TelemetryConfig], [OTLPExporter] and [TelemetryService] are for
/// applications with users.
library;

export 'src/app/event_core_diagnostics.dart' show EventCoreDiagnostics, EventCoreDiagnosticsConfig;
export 'src/app/lifecycle.dart' show AppLifecycle, LifecycleFlush;
export 'src/app/metrics_catalog.dart' show CatalogMetric, MetricsCatalog;
export 'src/app/otlp_exporter.dart' show OTLPExportResult, OTLPExporter;
export 'src/app/payloads.dart' show PerformanceSamplePayload, ReplayInconsistencyPayload;
export 'src/app/route_tracker.dart' show RouteTracker;
export 'src/app/structured_log.dart' show LogLevel, StructuredLogBuilder, StructuredLogEntry;
export 'src/app/telemetry_audit_event.dart' show TelemetryAuditEvent, TelemetryAuditKind;
export 'src/app/telemetry_config.dart' show TelemetryConfig;
export 'src/app/telemetry_guard.dart' show TelemetryGuard;
export 'src/app/telemetry_service.dart' show TelemetryService, ViewportTelemetry;
export 'src/app/tool_telemetry.dart' show ToolTelemetry;
export 'src/client.dart' show Client;
export 'src/consent.dart' show Purpose, profile;
export 'src/doctor.dart' show doctor;
export 'src/engine.dart' show Engine;
export 'src/exceptions.dart' show ScrubjayException, ScrubjayLoadException;
export 'src/fake_client.dart' show FakeClient;
export 'src/info.dart' show codes, metricsCatalog, schemas, version;
export 'src/metrics.dart' show MetricType, TelemetryMetrics, TelemetryTimer;
export 'src/no_op_client.dart' show NoOpClient;
export 'src/open_client.dart' show openClient;
export 'src/outcome.dart'
    show Decision, Explanation, Outcome, Redaction, ScrubbedJson, ScrubbedText, Status, Violation;
export 'src/plan.dart' show planCheck, planDiff;
export 'src/sealed.dart' show KeyPair, Unsealed, sealKeypair, unseal;
export 'src/span.dart' show Span, SpanKind, TelemetrySpans, readTraceparent;
export 'src/telemetry_client.dart' show TelemetryClient;
