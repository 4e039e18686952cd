//! Who wins over whom, and what is said about it.

use super::*;
use crate::config::PrivacyMode;

fn config(text: &str) -> Config {
    Config::from_json(text).unwrap()
}

fn resolved(code: &str, variables: &[(&str, &str)], file: Option<&str>) -> Result<Resolved> {
    let lookup = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    resolve(&config(code), &lookup, file.map(config).as_ref())
}

#[test]
fn code_beats_environment_beats_file_beats_default() {
    const PATH: &str = "/client/batch_max_items";
    let code = r#"{"client":{"batch_max_items":1}}"#;
    let variables = [("TELEMETRY_BATCH_SIZE", "2"), ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "3")];
    let file = Some(r#"{"client":{"batch_max_items":4}}"#);
    for (code, variables, file, wins, source) in [
        (code, &variables[..], file, 1, Source::Code),
        ("{}", &variables[..], file, 2, Source::Environment("TELEMETRY_BATCH_SIZE")),
        ("{}", &variables[1..], file, 3, Source::Environment("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE")),
        ("{}", &[], file, 4, Source::File),
        ("{}", &[], None, 100, Source::Default),
    ] {
        let resolved = resolved(code, variables, file).unwrap();
        assert_eq!((resolved.config.client.batch_max_items, resolved.source(PATH)), (wins, source));
    }
}

#[test]
fn what_code_says_counts_although_it_is_the_default() {
    let resolved = resolved(r#"{"client":{"batch_max_items":100}}"#, &[("TELEMETRY_BATCH_SIZE", "2")], None);
    assert_eq!(resolved.unwrap().config.client.batch_max_items, 100);
}

#[test]
fn a_field_that_a_program_set_counts_as_said_in_code() {
    let mut code = Config::default();
    code.client.batch_max_items = 7;
    let lookup = |name: &str| (name == "TELEMETRY_BATCH_SIZE").then(|| "2".to_owned());
    assert_eq!(resolve(&code, &lookup, None).unwrap().config.client.batch_max_items, 7);
}

#[test]
fn the_most_private_wins_whoever_says_it() {
    let strict = r#"{"privacy":{"mode":"strict"}}"#;
    let minimal = r#"{"privacy":{"mode":"minimal"}}"#;
    for (code, variable, file, wins) in [
        (minimal, "strict", None, PrivacyMode::Strict),
        (strict, "minimal", None, PrivacyMode::Strict),
        (minimal, "balanced", Some(strict), PrivacyMode::Strict),
        ("{}", "minimal", None, PrivacyMode::Minimal),
    ] {
        let resolved = resolved(code, &[("TELEMETRY_PRIVACY_MODE", variable)], file).unwrap();
        assert_eq!(resolved.config.privacy.mode, wins);
    }
    for (code, variable, file) in [("true", "0", "true"), ("false", "1", "true"), ("true", "1", "false")] {
        let [code, file] = [code, file].map(|on| format!(r#"{{"client":{{"enabled":{on},"upload_enabled":{on}}}}}"#));
        let variables = [("TELEMETRY_ENABLED", variable), ("TELEMETRY_UPLOAD_ENABLED", variable)];
        let client = resolved(&code, &variables, Some(&file)).unwrap().config.client;
        assert_eq!((client.enabled, client.upload_enabled), (Some(false), false));
    }
}

#[test]
fn a_bad_variable_of_ours_is_an_error_and_one_of_opentelemetry_a_warning() {
    for (name, value, path) in [
        ("TELEMETRY_BATCH_SIZE", "many", "/client/batch_max_items"),
        ("TELEMETRY_BATCH_SIZE", "-1", "/client/batch_max_items"),
        ("TELEMETRY_BATCH_SIZE", "100000", "/client/batch_max_items"),
        ("TELEMETRY_PRIVACY_MODE", "stricktest", "/privacy/mode"),
        ("TELEMETRY_FLUSH_INTERVAL", "nan", "/client/flush_interval_ms"),
        ("TELEMETRY_ENDPOINT", "file:///x", "/client/endpoint"),
    ] {
        let error = resolved("{}", &[(name, value)], None).err().unwrap();
        assert_eq!(error.path(), path);
        assert!(error.message().contains(name) && !error.message().contains(value), "{error}");
    }
    for value in ["many", "-1", "0"] {
        let resolved = resolved("{}", &[("OTEL_BLRP_MAX_QUEUE_SIZE", value)], None).unwrap();
        assert_eq!(resolved.config.client.queue_max_items, 2_048);
        assert_eq!(resolved.warnings.len(), 1);
    }
    let resolved = resolved("{}", &[("OTEL_RESOURCE_ATTRIBUTES", "a=%zz")], None).unwrap();
    assert!(resolved.config.client.resource.is_empty() && resolved.warnings.len() == 1);
}

#[test]
fn variables_are_read_in_their_own_form() {
    let variables = [
        ("TELEMETRY_FLUSH_INTERVAL", "1.5"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.version=1.2, team = a%2Cb%3D,"),
        ("OTEL_SERVICE_NAME", "shop"),
        ("TELEMETRY_PII_FIELDS", "nick, badge ,"),
        ("TELEMETRY_API_KEY", "  "),
    ];
    let Config { client, privacy, .. } = resolved("{}", &variables, None).unwrap().config;
    assert_eq!((client.flush_interval_ms, client.service_name.as_deref()), (1_500, Some("shop")));
    let resource: Vec<(&str, &str)> =
        client.resource.iter().map(|(k, v)| (k.as_str(), v.as_str().unwrap_or_default())).collect();
    assert_eq!(resource, [("service.version", "1.2"), ("team", "a,b=")]);
    assert_eq!(privacy.pii_fields, ["nick", "badge"]);
    assert_eq!(client.api_key, None);
}

#[test]
fn a_plan_comes_whole_from_code_or_from_the_file() {
    let plan = |version| format!(r#"{{"plan":{{"version":"{version}","events":{{}}}}}}"#);
    let version = |code: &str| resolved(code, &[], Some(&plan("file"))).unwrap().config.plan;
    assert_eq!(version("{}"), config(&plan("file")).plan);
    assert_eq!(version(&plan("code")), config(&plan("code")).plan);
}

#[test]
fn an_unknown_variable_of_ours_is_told_with_the_nearest_known_one() {
    let names = ["TELEMETRY_ENABELD", "TELEMETRY_API_KEY", "OTEL_SDK_DISABLE", "PATH", "TELEMETRY_DEBUG"];
    let said = unknown_variables(names.iter().map(|name| (*name).to_owned()));
    let text = "TELEMETRY_ENABELD is ignored: no such variable; did you mean TELEMETRY_ENABLED?".to_owned();
    assert_eq!(said, [Warning { text, is_slip: true }]);
}

#[test]
fn variables_of_an_otlp_receiver_count_for_otlp_only() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h/in"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=k"),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "c.pem"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "k.pem"),
    ];
    let otlp = r#"{"client":{"export":{"exporter":"otlp"}}}"#;
    let by_variable = [&variables[..], &[("TELEMETRY_EXPORTER", "otlp")]].concat();
    for (code, variables, file) in
        [(otlp, &variables[..], None), ("{}", &variables[..], Some(otlp)), ("{}", &by_variable[..], None)]
    {
        let export = resolved(code, variables, file).unwrap().config.client.export;
        assert_eq!(export.otlp_endpoint.as_deref(), Some("http://h/in"));
        assert_eq!(export.headers["x-key"], "k");
        assert_eq!(
            (export.client_certificate.as_deref(), export.client_key.as_deref()),
            (Some("c.pem"), Some("k.pem"))
        );
    }
    let collector = resolved("{}", &variables, None).unwrap().config.client.export;
    assert!(collector.headers.is_empty() && collector.otlp_endpoint.is_none() && collector.client_key.is_none());
}
