#!/usr/bin/env bash
# Runs a Dart program of this package: `run.sh FILE [ARGUMENTS]`, asserts on, with the library its VM can load.
# Exit 3: there is no Dart VM here (see fetch_vm.sh). SCRUBJAY_LIBRARY, where set, names the library to use.
set -euo pipefail

tool="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
package="$(dirname "$tool")"
[ "$#" -gt 0 ] || { echo 'usage: run.sh FILE [ARGUMENTS]' >&2; exit 2; }

dart="$("$tool/fetch_vm.sh")"
if [ -z "${SCRUBJAY_LIBRARY:-}" ]; then
  case "$("$dart" --version 2>&1)" in
    *ia32*) SCRUBJAY_LIBRARY="$("$tool/library.sh" i686)" ;;
    *) SCRUBJAY_LIBRARY="$("$tool/library.sh" host)" ;;
  esac
fi
export SCRUBJAY_LIBRARY

# What `dart pub get` would write: there are no packages to get but these and the stand-ins for test and flutter. Written
# each time, by a rename: an older one may lack a package.
config="$package/.dart_tool/package_config.json"
mkdir -p "$package/.dart_tool"
cat >"$config.$$" <<'JSON'
{
  "configVersion": 2,
  "packages": [
    {"name": "scrubjay", "rootUri": "../", "packageUri": "lib/", "languageVersion": "3.7"},
    {"name": "scrubjay_flutter", "rootUri": "../scrubjay_flutter/", "packageUri": "lib/", "languageVersion": "3.7"},
    {"name": "flutter", "rootUri": "../test/support/flutter/", "packageUri": "./", "languageVersion": "3.7"},
    {"name": "test", "rootUri": "../test/support/", "packageUri": "./", "languageVersion": "3.7"}
  ]
}
JSON
mv -f "$config.$$" "$config"

exec "$dart" --packages="$config" --enable-asserts "$@"
