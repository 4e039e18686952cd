#!/usr/bin/env bash
# Runs the 64-bit ABI test, then every test file on whichever Dart VM there is; where there is a whole Dart SDK also
# its analyzer and formatter. Ends with one summary line. Exit 3: there is no Dart VM here, only the ABI test ran.
set -euo pipefail

tool="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$(dirname "$tool")"
# A developer's own choice about telemetry must not decide whether the client's tests can run.
unset DO_NOT_TRACK OTEL_SDK_DISABLED TELEMETRY_ENABLED TELEMETRY_ENDPOINT TELEMETRY_API_KEY
home="$(mktemp -d)"
trap 'rm -rf "$home"' EXIT
export XDG_STATE_HOME="$home/state" XDG_CONFIG_HOME="$home/config"

echo '== test/abi64_test.py'
SCRUBJAY_LIBRARY="$("$tool/library.sh" host)" "${PYTHON:-python3}" -B test/abi64_test.py

dart="$("$tool/fetch_vm.sh")"
version="$("$dart" --version 2>&1)"
echo "$version"
# Once for all files: asking cargo each time takes longer than most of them run.
case "$version" in
  *ia32*) SCRUBJAY_LIBRARY="$("$tool/library.sh" i686)" ;;
  *) SCRUBJAY_LIBRARY="$("$tool/library.sh" host)" ;;
esac
export SCRUBJAY_LIBRARY
passed=0
files=0
broken=()
for file in test/*_test.dart; do
  echo "== $file"
  output="$("$tool/run.sh" "$file" 2>&1)" || broken+=("$file")
  echo "$output"
  # Each file ends by saying how many tests passed; without that line it stopped early, whatever its exit code.
  count="$(sed -n 's/^passed: \([1-9][0-9]*\), failed: 0$/\1/p' <<<"$output")"
  [ -n "$count" ] || broken+=("$file")
  passed=$((passed + ${count:-0}))
  files=$((files + 1))
done

if "$dart" help analyze >/dev/null 2>&1; then
  "$dart" analyze . || broken+=('dart analyze')
  # Told, not enforced: a newer formatter than the one a line was written for may see it otherwise.
  "$dart" format --output=none --set-exit-if-changed . || echo 'dart format would change the files above'
else
  echo 'not run: dart analyze and dart format (they need a whole Dart SDK; this is a bare VM)'
fi
if [ "${#broken[@]}" -gt 0 ]; then
  echo "dart: FAILED in $(printf '%s\n' "${broken[@]}" | sort -u | paste -sd' ')"
  exit 1
fi
echo "dart: $passed tests passed in $files files (besides the ABI at 64 bits)"
