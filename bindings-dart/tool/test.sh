#!/usr/bin/env bash
# Runs every test file, on whichever Dart VM there is, and the 64-bit ABI test; where there is a whole Dart SDK
# also its analyzer and formatter. Exit 3: there is no Dart VM here, and only the ABI test ran.
set -euo pipefail

tool="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$(dirname "$tool")"

echo '== abi64 (Python ctypes)'
SCRUBJAY_LIBRARY="$("$tool/library.sh" host)" "${PYTHON:-python3}" -B test/abi64_test.py

dart="$("$tool/fetch_vm.sh")"
"$dart" --version 2>&1
failed=0
for file in test/*_test.dart; do
  echo "== $file"
  # Each file ends by saying how many tests passed; without that line it stopped early, whatever its exit code.
  if ! "$tool/run.sh" "$file" | tee /dev/stderr | grep -Eq '^passed: [1-9][0-9]*, failed: 0$'; then
    echo "FAILED: $file" >&2
    failed=1
  fi
done 2>&1

if "$dart" help analyze >/dev/null 2>&1; then
  "$dart" analyze --fatal-infos . || failed=1
  "$dart" format --output=none --set-exit-if-changed . || failed=1
else
  echo 'not run: dart analyze, dart format (they need a whole Dart SDK; this is a bare VM)'
fi
exit "$failed"
