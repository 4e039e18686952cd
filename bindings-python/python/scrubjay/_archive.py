"""One append-only file of whole lines, shared by threads (under the router's lock) and by processes (by O_APPEND)."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Final

#: Names that are file names as they stand, on every file system: lower case, no separators, no leading mark.
_SAFE: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?")
#: Device names that Windows reserves whatever the extension.
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")
#: Characters of an unsafe name that are kept for the reader's eye.
_READABLE_CHARS: Final = 40
#: Hex digits of the digest that keeps unsafe names apart: 64 bits.
_DIGEST_DIGITS: Final = 16

_FLAGS: Final = (
    os.O_RDWR
    | os.O_APPEND
    | os.O_CREAT
    # Where the platform has them: no newline translation, nothing for child programs, no planted links.
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
)


def file_name(channel: str) -> str:
    """The name of a channel's archive: the channel itself where that is safe, else a slug and a digest."""
    if _SAFE.fullmatch(channel) and not _RESERVED.fullmatch(channel):
        return f"{channel}.jsonl"
    slug = re.sub(r"[^a-z0-9]+", "-", channel.lower())[:_READABLE_CHARS].strip("-") or "channel"
    digest = hashlib.sha256(channel.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_DIGITS]
    return f"{slug}-{digest}.jsonl"


class Archive:
    """An open archive. Only its owner may read and write the file (mode 0600)."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._fd = os.open(path, _FLAGS, 0o600)
        self._end_last_line()

    @property
    def removed(self) -> bool:
        """Whether somebody deleted the file: what is written to it from now on would be lost in silence."""
        return os.fstat(self._fd).st_nlink == 0

    def append(self, line: bytes) -> None:
        """Hands one line, newline excluded, to the operating system in one write. Raises OSError."""
        line += b"\n"
        written = os.write(self._fd, line)
        if written != len(line):
            raise OSError(f"only {written} of {len(line)} bytes were written to {self._name}")

    def close(self) -> None:
        """Closes the file."""
        os.close(self._fd)

    def _end_last_line(self) -> None:
        # A crash or a full disk may have cut the last line short: end it, so that it spoils no other.
        size = os.fstat(self._fd).st_size
        if size > 0:
            os.lseek(self._fd, size - 1, os.SEEK_SET)
            if os.read(self._fd, 1) != b"\n":
                os.write(self._fd, b"\n")
