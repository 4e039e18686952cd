use super::*;
use crate::scrub::detector::examples::{hits, misses};

#[test]
fn values_behind_a_sign_are_found() {
    hits(
        Rule::Secret,
        &[
            "password=«hunter2»",
            "login user=ann password=«hunter2» ok",
            "api_key: \"«4f9a-77aa»\"",
            "export DB_SECRET='«p w d»'",
            "{\"client_secret\":\"«s3cr3t»\",\"a\":1}",
            r#"{\"password\": \"«s3cr3t»\"}"#,
            "GET /x?token=«abc123»&lang=en HTTP/1.1",
            "GET /x?lang=en&access_token=«abc123» HTTP/1.1",
            "X-Api-Key: «secret-value»",
            "{Host: a.example, X-Api-Key: «k-1», X-Request-Id: 7}",
            "API key: «abc-def-123»",
            "token := \"«f00ba4»\"",
            "\"userToken\" => \"«f00ba4»\",",
            "TOKEN ?= \"«f00ba4»\"",
            "if (db_pass != \"«f00ba4»\")",
            "config[\"secret\"] = '«f00ba4»'",
            "var mapToken string = \"«f00ba4»\"",
            "System.setProperty(\"DB_PASSWORD\", \"«f00ba4z1»\")",
            "header.Set('X-Api-Key', '«f00ba4z1b2»')",
            "Server=db.example;User Id=app;Password=«f00ba4»;",
            "AccountName=a;AccountKey=«Zm9vYmFyYmF6cXV4MDEyMzQ1Njc4OQ==»;EndpointSuffix=core",
            "password: «changeme»",
            "--password=«hunter2»",
            "my_password_secure = @\"«hunter2»\"",
            "let password: String = \"«hunter2»\"",
            "token?: string = '«f00ba4»'",
            "db_password: |\n  «hunter2»\nport: 1",
            "api_key: >-\r\n    «f00ba4»\n",
            "- name: DB_PASSWORD\n  value: \"«hunter2»\"",
            "{\"name\": \"X-Api-Key\", \"value\": \"«f00ba4»\"}",
            "<add key=\"db_password\" value=\"«hunter2»\" />",
            "SECRET_KEY_BASE=«f00ba4»",
            "pass: «f00ba4z1b2»",
        ],
    );
}

#[test]
fn values_in_tags_and_behind_spaces_are_found() {
    hits(
        Rule::Secret,
        &[
            "<password>«hunter2»</password>",
            "<db:secret type=\"x\">\n  «hunter 2»\n</db:secret>",
            "app --token «abcdef12» run",
            "app --clientSecret «abcdef» --verbose",
            "<string name=\"api_key\">«f00ba4»</string>",
            "the password is «hunter2».",
            "tool token - '«f00ba4z1b2c3»'",
            "Using token «spu-7b21c4e09d5a83f6»",
        ],
    );
}

#[test]
fn credentials_of_every_scheme_are_found() {
    hits(
        Rule::Secret,
        &[
            "Authorization: Token «f00ba4»",
            "Authorization: ApiKey «f00ba4»\nHost: a.example",
            "authorization: Digest «username=\"Mufasa\", realm=\"a\", response=\"6629fae4\"»\nHost: a.example",
            "Authorization: AWS4-HMAC-SHA256 «Credential=AK/20130524/us/s3/aws4_request, Signature=fe5f80»",
            "curl -H 'Authorization: «f00ba4»' https://a.example",
            "{Authorization: Token «f00ba4», X-Request-Id: 7}",
        ],
    );
}

#[test]
fn values_of_mere_keys_are_found_where_they_were_drawn() {
    hits(
        Rule::Secret,
        &["maps_key: \"«x81kLmQ02pRt7VbNc5Dz»\"", "https://a.example/v1?key=«9f2c1e7ab04d83c65512ffe0a9b3d7c4»&a=1"],
    );
}

#[test]
fn what_is_no_secret_is_left() {
    misses(
        Rule::Secret,
        &[
            "password=",
            "auth_token: \"Bearer [bearer]\"",
            "password: [secret]",
            "password=${DB_PASSWORD}",
            "token: $TOKEN",
            "secret = $(cat /run/secrets/x)",
            "password: null",
            "using password: YES",
            "const cookie = require('cookie')",
            "password = prompt(\"Password:\")",
            "if (token === COLON)",
            "port: Number = 4",
            "- name: REGION\n  value: eu-west-1",
            "--token-file secrets.txt --password ${PASSWORD}",
            "<string name=\"title\">Hello</string>",
            "pass: 12, fail: 3",
            "token=xxxxxxxx",
            "password: incorrect",
            "password: the user must choose one",
            "Unexpected token: foo",
            "token = getToken(user)",
            "password = user.password",
            "this.token = token",
            "PWD=/home/app",
            "token=Token{5c01b2e Record{1 u0}}",
            "api_key=pplx-xxxxxxxxxxxxxxxxxxxx",
            "token_type=bearer",
            "max_tokens: 4096",
            "primary key: 4f9a77aa4f9a77aa4f9a77aa",
            "key: banner-size",
            "key=value",
            "keyDown = kVK_Space.u8",
            "Token::new",
            "cookie_consent=yes",
            "[\"password\", \"username\", \"email\"]",
            "the password is required",
            "password reset for ann",
            "token expired after 3600 seconds",
            "author: ann",
            "==========",
            "::::::::::",
        ],
    );
}
