use super::*;

fn all(expected: Sense, names: &[&str]) {
    for name in names {
        assert_eq!(sense(name.as_bytes()), expected, "{name}");
    }
}

#[test]
fn names_that_say_secret_are_known_in_every_spelling() {
    all(
        Sense::Secret,
        &[
            "password",
            "userPassword",
            "DB_PASSWORD",
            "db.password",
            "password2",
            "password_hash",
            "api_key",
            "X-API-Key",
            "apiKey",
            "openaiAPIKey",
            "access_token",
            "accessToken",
            "AUTH_CLIENTSECRET",
            "client.secret",
            "aws_secret_access_key",
            "privateKey",
            "db_pass",
            "totp_seed",
            "recovery_code",
            "X-CSRF-Token",
            "csrf",
            "api key",
            "secret key",
            "session_key",
            "user_token1",
            "token_2",
            "bot-token",
            "license key",
            "spring.datasource.password",
            "secret_id",
            "MYSQL_PWD",
        ],
    );
    all(Sense::Authorization, &["Authorization", "Proxy-Authorization", "http.request.header.authorization"]);
    all(Sense::Cookie, &["Cookie", "set-cookie", "cookies"]);
}

#[test]
fn names_that_may_say_secret_leave_it_to_the_value() {
    all(Sense::Perhaps, &["key", "maps_key", "shodankey", "X-Signature", "sig", "auth", "HEROKU_KEY", "pass"]);
}

#[test]
fn names_that_only_speak_of_secrets_are_left() {
    all(
        Sense::Other,
        &[
            "password_length",
            "password_changed_at",
            "passwordless",
            "token_type",
            "tokens",
            "input_tokens",
            "max_tokens",
            "next_page_token",
            "time_per_output_token",
            "primary_key",
            "cache_key",
            "cacheKey",
            "idempotency-key",
            "cookie_consent",
            "secretary",
            "secret_name",
            "passed",
            "code",
            "author",
            "authority",
            "csrf_enabled",
            "feature_flag.provider.name",
            "monkey",
            "keyboard",
            "keyword",
            "key_count",
            "session.id",
            "session_id",
            "nonce",
            "connection_string",
            "aws.secretsmanager.secret.arn",
            "gen_ai.token.type",
            "messaging.kafka.message.key",
            "unexpected token",
            "credential_id",
            "",
        ],
    );
}

#[test]
fn what_describes_a_secret_is_told_from_the_secret() {
    for name in ["type", "expires_in", "minLength", "same_site", "rotated-at", "TTL"] {
        assert!(is_descriptor(name.as_bytes()), "{name}");
    }
    for name in ["value", "stringValue", "prod", "github", "within", "format", "sid", "type_2", ""] {
        assert!(!is_descriptor(name.as_bytes()), "{name}");
    }
}
