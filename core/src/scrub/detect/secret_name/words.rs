//! The words that names of secrets are made of.

/// Words that say "secret" as the last of a name.
pub(super) const SECRETS: [&str; 25] = [
    "passwd",
    "pwd",
    "pswd",
    "pword",
    "psw",
    "passwords",
    "passphrases",
    "secrets",
    "secrete",
    "credential",
    "credentials",
    "jwt",
    "bearer",
    "cookie",
    "cookies",
    "csrf",
    "xsrf",
    "phpsessid",
    "jsessionid",
    "mnemonic",
    "apikeys",
    "skey",
    "passcode",
    "senha",
    "contrasena",
];

/// Endings that say "secret" of a name written in one word: `CLIENTSECRET`, `dbpassword`, `authtoken`.
pub(super) const ENDINGS: [&str; 12] = [
    "password",
    "passwort",
    "passphrase",
    "passwd",
    "secret",
    "apikey",
    "secretkey",
    "privatekey",
    "accesskey",
    "authkey",
    "privkey",
    "licensekey",
];

/// Words before `key` with which it is a secret for sure.
pub(super) const SECRET_KEYS: [&str; 15] = [
    "api",
    "access",
    "secret",
    "private",
    "signing",
    "encryption",
    "decryption",
    "auth",
    "master",
    "license",
    "licence",
    "session",
    "consumer",
    "hmac",
    "ssh",
];

/// Words before `key` with which it names a place or a thing.
pub(super) const HARMLESS_KEYS: [&str; 67] = [
    "primary",
    "foreign",
    "partition",
    "sort",
    "row",
    "cache",
    "idempotency",
    "public",
    "pub",
    "event",
    "feature",
    "flag",
    "routing",
    "message",
    "group",
    "object",
    "index",
    "i18n",
    "translation",
    "shard",
    "composite",
    "unique",
    "hash",
    "range",
    "lookup",
    "dedup",
    "dedupe",
    "registry",
    "meta",
    "metadata",
    "tag",
    "tags",
    "span",
    "metric",
    "attribute",
    "issue",
    "project",
    "trace",
    "map",
    "json",
    "dict",
    "search",
    "query",
    "s3",
    "blob",
    "bucket",
    "resource",
    "record",
    "entity",
    "field",
    "label",
    "path",
    "file",
    "button",
    "arrow",
    "hot",
    "keyboard",
    "any",
    "press",
    "config",
    "setting",
    "settings",
    "state",
    "job",
    "tracking",
    "build",
    "node",
];

/// Words that merely end in "key".
pub(super) const KEY_WORDS: [&str; 9] =
    ["monkey", "turkey", "hockey", "donkey", "whiskey", "jockey", "hotkey", "lackey", "passkey"];

/// A token of these names a place in a listing or a piece of text, not a right.
pub(super) const HARMLESS_TOKENS: [&str; 31] = [
    "page",
    "next",
    "continuation",
    "sync",
    "cancellation",
    "nextpage",
    "output",
    "input",
    "first",
    "last",
    "prompt",
    "completion",
    "per",
    "special",
    "stop",
    "eos",
    "bos",
    "pad",
    "start",
    "end",
    "unk",
    "mask",
    "unexpected",
    "each",
    "every",
    "text",
    "word",
    "lexer",
    "parser",
    "json",
    "illegal",
];

/// The last two words together.
pub(super) const PAIRS: [(&str, &str); 24] = [
    ("otp", "seed"),
    ("totp", "seed"),
    ("mfa", "seed"),
    ("otp", "code"),
    ("totp", "code"),
    ("mfa", "code"),
    ("2fa", "code"),
    ("auth", "code"),
    ("authorization", "code"),
    ("verification", "code"),
    ("recovery", "code"),
    ("recovery", "codes"),
    ("backup", "codes"),
    ("recovery", "phrase"),
    ("seed", "phrase"),
    ("mot", "passe"),
    ("de", "passe"),
    ("pass", "phrase"),
    ("pass", "word"),
    ("pass", "code"),
    ("api", "keys"),
    ("private", "keys"),
    ("session", "cookie"),
    ("secret", "id"),
];

/// Words before `pass` with which it is a password and no verdict of a test.
pub(super) const PASSES: [&str; 22] = [
    "db", "database", "user", "usr", "root", "admin", "smtp", "mail", "email", "ftp", "ssh", "redis", "mysql", "pg",
    "postgres", "wifi", "login", "proxy", "http", "basic", "auth", "my",
];

/// Names whose value's form decides.
pub(super) const PERHAPS: [&str; 9] = ["auth", "sig", "signature", "pass", "sas", "seed", "salt", "totp", "accountkey"];

/// Words behind the one that counts, which say how or where a secret is kept: `password_hash`, `secret_prod`.
#[rustfmt::skip]
pub(super) const TAILS: [&str; 31] = [
    "value", "val", "text", "str", "string", "raw", "plain", "plaintext", "hash", "b64", "base64", "encoded",
    "encrypted", "enc", "here", "secure", "eu", "us", "prod", "production", "dev", "test", "staging", "old", "new",
    "current", "confirm", "confirmation", "repeat", "again", "base",
];

/// Last words of members that describe a secret beside it: `{"token": {"type": …, "expires_in": …, "value": …}}`.
#[rustfmt::skip]
pub(super) const DESCRIPTORS: [&str; 46] = [
    "type", "kind", "provider", "algorithm", "alg", "scheme", "policy", "status", "state", "method", "source", "site",
    "path", "domain", "region", "length", "count", "size", "ttl", "age", "days", "hours", "minutes", "seconds", "ms",
    "in", "at", "exp", "iat", "nbf", "expiry", "expires", "expired", "expiration", "version", "attempts", "retries",
    "total", "port", "min", "max", "limit", "rounds", "cost", "strength", "mounted",
];
