/// Privacy-first telemetry: one engine validates and scrubs alike in Dart, Python, Node and the collector.
///
/// [Client] captures records and delivers them in the background; [Engine] answers at once what becomes of a
/// record. [NoOpClient] and [FakeClient] stand in where telemetry is off or under test; neither needs the native
/// library.
library;

export 'src/client.dart' show Client;
export 'src/consent.dart' show Purpose, profile;
export 'src/engine.dart' show Engine;
export 'src/exceptions.dart' show ScrubjayException, ScrubjayLoadException;
export 'src/fake_client.dart' show FakeClient;
export 'src/info.dart' show codes, metricsCatalog, schemas, version;
export 'src/no_op_client.dart' show NoOpClient;
export 'src/outcome.dart'
    show Decision, Explanation, Outcome, Redaction, ScrubbedJson, ScrubbedText, Status, Violation;
export 'src/plan.dart' show planCheck, planDiff;
export 'src/sealed.dart' show KeyPair, Unsealed, sealKeypair, unseal;
export 'src/telemetry_client.dart' show TelemetryClient;
