#!/usr/bin/env bash
# Runs every fuzz target: `run.sh` a fixed number of inputs from a fixed seed, the same on every machine, as `make test`
# does; `run.sh SECONDS` each for so long, to find something new. The seeds are the conformance vectors' inputs, so that
# there is one corpus to keep. libFuzzer is linked in: it needs a C++ compiler, but no nightly toolchain and no tool.
# Exit 3: the targets cannot be built here, and why.
set -euo pipefail
cd "$(dirname "$0")"

# What each target gets to see in the short run; a few seconds each.
RUNS=8000
targets=(process scan scrub_json scrub_text)
seconds="${1:-}"

# A folder of its own: other flags must not rebuild the packages' work.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/fuzz"
host="$(rustc -vV | sed -n 's/^host: //p')"
command -v "${CXX:-c++}" >/dev/null || {
  echo 'libFuzzer needs a C++ compiler (Debian: apt-get install g++)'
  exit 3
}
# What cargo-fuzz passes: coverage of edges and comparisons, which libFuzzer steers by.
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares"
RUSTFLAGS="$coverage --cfg fuzzing" cargo build --quiet --locked --release --target "$host"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" - "$work/seeds" <<'PYTHON'
import hashlib, json, pathlib, sys

folder = pathlib.Path(sys.argv[1])
folder.mkdir()
for path in sorted(pathlib.Path("../../tests/vectors").rglob("*.json")):
    for case in json.loads(path.read_text())["cases"]:
        data = case.get("input", "").encode() or bytes.fromhex(case.get("input_hex", ""))
        # Large inputs make every mutation slow; what they test is the limits' own matter.
        if 0 < len(data) < 1024:
            (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
(folder.parent / "seed-list").write_text(",".join(sorted(map(str, folder.iterdir()))))
PYTHON

passed=0
mkdir -p artifacts
for target in "${targets[@]}"; do
  if [ -n "$seconds" ]; then
    # What is found interesting is kept for the next long run.
    found="corpus/$target" amount=(-max_total_time="$seconds" "$work/seeds")
  else
    # Seeds by name: a folder is listed in another order on every file system.
    found="$work/$target" amount=(-runs="$RUNS" -seed=1 -seed_inputs="@$work/seed-list")
  fi
  mkdir -p "$found"
  log="$work/$target.log"
  if "$CARGO_TARGET_DIR/$host/release/$target" "$found" "${amount[@]}" -max_len=4096 -timeout=30 \
    -artifact_prefix="artifacts/$target-" -print_final_stats=1 >"$log" 2>&1; then
    echo "fuzz $target: ok, $(sed -n 's/^stat::number_of_executed_units: //p' "$log") inputs"
    passed=$((passed + 1))
  else
    tail -n 40 "$log"
    echo "fuzz $target: FAILED; the input is in core/fuzz/artifacts"
  fi
done
echo "fuzz: $passed passed, $((${#targets[@]} - passed)) failed"
[ "$passed" -eq "${#targets[@]}" ]
