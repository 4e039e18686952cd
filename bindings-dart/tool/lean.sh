#!/usr/bin/env bash
# Builds the library for phones, stripped and as small as stable Rust makes it, and prints its path and size:
# `lean.sh [RUST_TARGET]`. FEATURES= (empty) keeps zstd and TOML; STRIP=none keeps the symbols that size.py reads;
# RELOCATIONS=plain is for systems that cannot read packed ones (Android before 11, glibc before 2.36).
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$root"
target="${1:-}"
export CARGO_PROFILE_DART_STRIP="${STRIP:-symbols}"
cargo fetch --quiet --locked >&2

# A frame pointer in each function makes code no larger, and the unwinding tables by a third smaller. SHA-2 is for
# processors without instructions of their own for it, so its loops need not be unrolled. Names of this
# version say of which types generic code was made; they are stripped.
flags=(-C force-frame-pointers=yes -C symbol-mangling-version=v0 --cfg 'sha2_backend_soft="compact"')
# Each place that can panic names its source file: the shorter its path, the better, and nobody needs to know this machine.
for sources in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/; do
  flags+=(--remap-path-prefix "$sources=")
done
arguments=()
case "${target:-$(uname -s)}" in
  # Apple's linker packs relocations by itself, and Windows has few.
  *apple* | Darwin | *windows* | MINGW* | MSYS* | CYGWIN*) ;;
  *) [ "${RELOCATIONS:-packed}" = plain ] || arguments+=(-C 'link-arg=-Wl,-z,pack-relative-relocs') ;;
esac
case "${target:-$(rustc -vV | sed -n 's/host: //p')}" in
  # Where rustc links by lld. It folds functions of the same code, as LLVM does with some: Rust promises none an address
  # of its own. And it takes a second list of what is not exported.
  x86_64-unknown-linux-gnu | *-linux-android*)
    arguments+=(-C 'link-arg=-Wl,--icf=all')
    arguments+=(-C "link-arg=-Wl,--version-script=$root/bindings-dart/tool/unexported.map")
    ;;
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
# Paths may have spaces; cargo reads RUSTFLAGS only where this is not set.
encoded="$(printf '%s\x1f' ${RUSTFLAGS:-} "${flags[@]}")"
export CARGO_ENCODED_RUSTFLAGS="${encoded%$'\x1f'}"
cargo rustc --quiet --locked --lib --profile dart -p scrubjay-dart --features "${FEATURES-lean}" \
  ${target:+--target "$target"} -- ${arguments[@]+"${arguments[@]}"} >&2
library="$out/${target:+$target/}dart/$file"
echo "$library $(wc -c <"$library")"
