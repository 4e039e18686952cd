#!/bin/sh
# `train.sh PROFILE`: has the core's code counted while it does what programs mostly do, and leaves the counts as a profile, by
# which `apply` compiles it. Without llvm-tools, which rustup has, there is none: everything is as right, and slower.
set -eu

root="$(cd "$(dirname "$0")/../.." && pwd)"
profile="$1"
work="$(dirname "$profile")"
mkdir -p "$work"
work="$(cd "$work" && pwd)"
counts="$work/counts"

host="$(rustc -vV | sed -n 's/^host: //p')"
merge="$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-profdata"
[ -x "$merge" ] || rustup component add llvm-tools >/dev/null 2>&1 || true
if [ ! -x "$merge" ]; then
  echo 'no profile: rustup gives no llvm-tools here, so the engine takes a quarter longer than what is released' >&2
  exit 0
fi

# A folder of its own: cargo does not see that these crates are others than the packages'.
unset RUSTC_WORKSPACE_WRAPPER
SCRUBJAY_PGO="$counts" RUSTC_WRAPPER="$root/core/pgo/learn" CARGO_TARGET_DIR="$work/target" \
  cargo build --quiet --release --locked --manifest-path "$root/core/pgo/Cargo.toml"
rm -rf "$counts"
"$work/target/release/train" "$root/tests/vectors"
"$merge" merge --output="$profile" "$counts"
rm -rf "$counts"
