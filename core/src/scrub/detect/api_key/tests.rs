use super::shapes::PREFIXED;
use crate::scrub::detector::examples::{hits, misses};
use crate::scrub::policy::Rule;

#[test]
fn prefixes_are_in_order() {
    assert!(PREFIXED.is_sorted_by_key(|shape| shape.head));
    assert!(PREFIXED.iter().all(|shape| shape.head.len() <= super::MAX_HEAD), "a head longer than is looked back");
}

#[test]
fn keys_with_a_prefix_are_found() {
    hits(
        Rule::ApiKey,
        &[
            "«AKIAIOSFODNN7EXAMPLE»",
            "key «ASIA2B3C4D5E6F7G8H9I».",
            "x_«ghp_0123456789abcdefghijABCDEFGHIJ012345» y",
            "«github_pat_11AAAAAAA0bcdefghijklmno_0123456789abcdefghijklmnopqrstuvwxyz»",
            "«glpat-a1b2c3d4e5f6g7h8i9j0»",
            "«xoxb-1234567890-abcdefgh12345678»,",
            "«sk_live_0123456789abcdefABCDEF»",
            "«sk-proj-a1b2c3d4e5f6-g7h8i9j0k1l2m3»",
            "«sk-ant-api03-a1b2c3d4-e5f6g7h8-i9j0»",
            "«sk-a1b2c3d4e5f6g7h8i9j0k1l2»",
            "\\n«npm_0123456789abcdefghijABCDEFGHIJ012345»",
            "«hvs.CAESIJ0123456789abcdefgh»",
            "«dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef»",
            "«AIzaSyA0123456789abcdefghijklmnopqrstuv»",
            "«AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ3D5PPJ»",
            "«lin_api_0123456789abcdefghij0123456789abcdefghij»",
            "«0123456789abcdef0123456789abcdef-us12»",
            "bot«123456789:AAB0c1D2e3F4g5H6i7J8k9L0m1N2o3P4q5R»",
            "«abc8Q~0123456789abcdefghijklmnopqrstuv»",
            "https://hooks.slack.com/services/«T0000000A/B0000000B/abcdefghijkl»",
            "sent «acme_api_q7Rk2mVx9TzLw4Bn8YcJ1Hd6PsG» on",
            "«acme-pat-q7Rk2mVx9TzLw4Bn8YcJ1Hd6PsG»",
            "«a1B2c3_0123456789abcdefghijKLMNOPQRS_mmk»",
            "«sha256~0123456789abcdefghijABCDEFGHIJ0123456789abc»",
            "token «dapi0123456789abcdef0123456789abcdef»,",
            "«AstraCS:AbCdEfGhIjKlMnOpQrStUvWx:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef»",
            "«00D5g00000AbCdE!AQcAQH0dMHEqJ9vTx3kLmN4oPqR5sTuV6wXyZ7aB8cD9eF0gH1iJ2kL3mN4oP5qR6sT7uV8w»",
            "«1//0gq7Rk2mVx9TzLw4Bn8YcJ1Hd6PsGa5Ke3Uf0Wi»",
            "«oy2abcdefgh1234567890abcdefgh1234567890abcdefg»",
            "«YCq7Rk2mVx9TzLw4Bn8YcJ1Hd6PsGa5Ke3Uf0WiX»",
            "«API-0123456789ABCDEFGHIJKLMNOP»",
            "«mlsn.0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef»",
        ],
    );
}

#[test]
fn placeholders_and_names_are_left() {
    misses(
        Rule::ApiKey,
        &[
            "AKIAXXXXXXXXXXXXXXXX",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "ghp_short",
            "sk-skeleton-loading-animation-wide",
            "sk_test_",
            "AKIDOKI",
            "task-1234567890abcdefghij",
            "hf_optionalDescriptorKindsForPrintingReportsOnly",
            "pat.first.second",
            "live_view_component_with_a_long_name_here",
            "0123456789abcdef0123456789abcdef-use1",
            "12:34:56",
            "AstraCS:none",
            "00D5g00000AbCdE!",
            "dapi: 0123456789abcdef0123456789abcdef",
            "a//0b",
            "media/box.ico-0123456789abcdef0123456789abcdef.png",
            "https://1//0",
            "123456789:AAB",
            "https://hooks.slack.com/services/XXXXXXXXX/XXXXXXXXX/XXXXXXXXXXXX",
            "SKIP ACCEPT EAGER GREAT LARGE",
            "cache_key_q7Rk2mVx9TzLw4Bn8YcJ1Hd6PsG",
            "order_q7Rk2mVx9TzLw4Bn8YcJ1Hd6PsG",
            "get_api_response_with_status_code_404_for_Request",
            "shop_api_0123456789abcdef0123456789abcdef",
            "sha256~0123456789abcdef",
            "loop.s.lengthOfThisLine",
        ],
    );
}
