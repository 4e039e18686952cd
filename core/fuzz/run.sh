#!/usr/bin/env bash
# Runs every fuzz target for a while: `run.sh [SECONDS_EACH]`. The seeds are the conformance vectors' inputs, so that
# there is one corpus to keep. Exit 3: no nightly toolchain or no cargo-fuzz here, and how to get it.
set -euo pipefail
cd "$(dirname "$0")"

seconds="${1:-20}"
rustup run nightly rustc --version >/dev/null 2>&1 || {
  echo 'not run: fuzzing needs a nightly toolchain (rustup toolchain install nightly)' >&2
  exit 3
}
cargo fuzz --version >/dev/null 2>&1 || {
  echo 'not run: fuzzing needs cargo-fuzz (cargo install cargo-fuzz --locked)' >&2
  exit 3
}

"${PYTHON:-python3}" - <<'PYTHON'
import hashlib, json, pathlib

for target in ("process", "scrub_json", "scrub_text"):
    folder = pathlib.Path("corpus") / target
    folder.mkdir(parents=True, exist_ok=True)
    for path in pathlib.Path("../../tests/vectors").rglob("*.json"):
        for case in json.loads(path.read_text())["cases"]:
            data = case.get("input", "").encode() or bytes.fromhex(case.get("input_hex", ""))
            # Large inputs make every mutation slow; what they test is the limits' own matter.
            if 0 < len(data) < 4096:
                (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
PYTHON

# A folder of its own: nightly and stable must not rebuild each other's work.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/fuzz"
for target in process scrub_json scrub_text; do
  log="corpus/$target.log"
  if cargo +nightly fuzz run --fuzz-dir . "$target" -- \
    -max_total_time="$seconds" -max_len=8192 -timeout=10 -print_final_stats=1 >"$log" 2>&1; then
    echo "fuzz $target: ok, $(sed -n 's/^stat::number_of_executed_units: //p' "$log") inputs"
  else
    tail -n 40 "$log"
    echo "fuzz $target: FAILED; the input is in core/fuzz/artifacts/$target"
    exit 1
  fi
done
