"""`scrubjay unseal` and `scrubjay seal-keypair`: opens sealed values, and makes the keys for them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from scrubjay import seal_keypair, unseal
from scrubjay._lines import Source, whole_lines
from scrubjay.cli.common import UsageError, complain


def run(source: Source, key_file: Path) -> bool:
    """Copies lines with their sealed values opened; whether the key opened all of them."""
    key = _secret_key(key_file)
    opened = failed = 0
    for chunk in whole_lines(source):
        unsealed = unseal(key, chunk.decode("utf-8", "replace"))
        opened += unsealed["opened"]
        failed += unsealed["failed"]
        sys.stdout.buffer.write(unsealed["text"].encode())
        sys.stdout.buffer.flush()
    complain(f"{opened} opened, {failed} of another key or damaged")
    return failed == 0


def keypair() -> str:
    """A fresh key pair as JSON."""
    return json.dumps(seal_keypair())


def _secret_key(file: Path) -> str:
    """The key in a file: by itself, or in the JSON that `seal-keypair` prints."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{file}: not UTF-8 text") from None
    try:
        pair = json.loads(text)
    except ValueError:
        return text.strip()
    if isinstance(pair, dict) and isinstance(pair.get("secret_key"), str):
        return str(pair["secret_key"])
    raise UsageError(f'{file}: expected a secret key, or {{"secret_key": …}} as seal-keypair prints it')
