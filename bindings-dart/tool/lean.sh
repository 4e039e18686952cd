#!/usr/bin/env bash
# Builds the library for phones, stripped and as small as stable Rust makes it, and prints its path and size:
# `lean.sh [RUST_TARGET]`. FEATURES= (empty) keeps zstd and TOML; STRIP=none keeps the symbols that size.py reads;
# RELOCATIONS=plain is for systems that cannot read packed ones (Android before 11, glibc before 2.36).
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
target="${1:-}"
export CARGO_PROFILE_DART_STRIP="${STRIP:-symbols}"

# A frame pointer in each function makes code no larger, and the unwinding tables by a third smaller.
export RUSTFLAGS="${RUSTFLAGS:+$RUSTFLAGS }-C force-frame-pointers=yes"
arguments=()
case "${target:-$(uname -s)}" in
  # Apple's linker packs relocations by itself, and Windows has few.
  *apple* | Darwin | *windows* | MINGW* | MSYS* | CYGWIN*) ;;
  *) [ "${RELOCATIONS:-packed}" = plain ] || arguments+=(-C 'link-arg=-Wl,-z,pack-relative-relocs') ;;
esac
case "${target:-$(uname -s)}" in
  *apple* | Darwin) file='libuniffi_scrubjay.dylib' ;;
  *windows* | MINGW* | MSYS* | CYGWIN*) file='uniffi_scrubjay.dll' ;;
  *) file='libuniffi_scrubjay.so' ;;
esac
case "${CARGO_TARGET_DIR:-}" in
  '') out="$root/target" ;;
  /*) out="$CARGO_TARGET_DIR" ;;
  *) out="$root/$CARGO_TARGET_DIR" ;;
esac
cd "$root"
cargo rustc --quiet --locked --lib --profile dart -p scrubjay-dart --features "${FEATURES-lean}" \
  ${target:+--target "$target"} -- ${arguments[@]+"${arguments[@]}"} >&2
library="$out/${target:+$target/}dart/$file"
echo "$library $(wc -c <"$library")"
