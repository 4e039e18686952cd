"""Rewrites the checksum table of lib/src/abi.dart from a built library: `tool/checksums.py LIBRARY`.

Run it after a deliberate change of src/lib.rs; the Dart functions of lib/src/bindings.dart, engine_calls.dart and
client_calls.dart must match the change.
"""

import ctypes
import pathlib
import re
import subprocess
import sys

ABI = pathlib.Path(__file__).resolve().parent.parent / "lib" / "src" / "abi.dart"
PREFIX = "uniffi_uniffi_scrubjay_checksum_"


def read_checksums(path: str) -> dict[str, int]:
    """Every checksum the library at `path` exports, by function."""
    symbols = subprocess.run(["nm", "-D", "--defined-only", path], check=True, capture_output=True, text=True).stdout
    library = ctypes.CDLL(path)
    found = {}
    for symbol in sorted(line.split()[-1] for line in symbols.splitlines() if PREFIX in line):
        function = getattr(library, symbol)
        function.restype = ctypes.c_uint16
        found[symbol.removeprefix(PREFIX)] = function()
    return found


def main(path: str) -> None:
    """Replaces the table's entries and leaves the rest of the file as it is."""
    entries = "".join(f"  '{name}': {value},\n" for name, value in read_checksums(path).items())
    source = ABI.read_text()
    table = re.compile(r"(const Map<String, int> checksums = \{\n).*?(\};)", re.DOTALL)
    ABI.write_text(table.sub(lambda match: match[1] + entries + match[2], source))


if __name__ == "__main__":
    main(sys.argv[1])
