#!/usr/bin/env bash
# Builds the native library and prints its path: `library.sh host`, or `library.sh i686` for the 32-bit VM.
# SCRUBJAY_PROFILE chooses cargo's profile (dev or release; default dev).
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
profile="${SCRUBJAY_PROFILE:-dev}"
target=()
case "${1:-host}" in
  host) folder='' ;;
  i686)
    target=(--target i686-unknown-linux-gnu)
    folder='i686-unknown-linux-gnu/'
    ;;
  *)
    echo 'usage: library.sh [host|i686]' >&2
    exit 2
    ;;
esac
case "$(uname -s)" in
  Darwin) file='libuniffi_scrubjay.dylib' ;;
  MINGW* | MSYS* | CYGWIN*) file='uniffi_scrubjay.dll' ;;
  *) file='libuniffi_scrubjay.so' ;;
esac
case "${CARGO_TARGET_DIR:-}" in
  '') out="$root/target" ;;
  /*) out="$CARGO_TARGET_DIR" ;;
  *) out="$root/$CARGO_TARGET_DIR" ;;
esac
cd "$root"
cargo build --quiet --locked --lib -p scrubjay-dart --profile "$profile" ${target[@]+"${target[@]}"} >&2
[ "$profile" = dev ] && profile=debug
echo "$out/$folder$profile/$file"
