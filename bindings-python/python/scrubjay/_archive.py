"""One append-only file of whole lines, shared by threads (under the router's lock) and by processes (by O_APPEND)."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:
    # Windows: processes that share a folder may then rotate one archive twice, which leaves a shorter one.
    fcntl = None  # type: ignore[assignment]

#: Names that are file names as they stand, on every file system: lower case, no separators, no leading mark.
_SAFE: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?")
#: Device names that Windows reserves whatever the extension.
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")
#: Characters of an unsafe name that are kept for the reader's eye.
_READABLE_CHARS: Final = 40
#: Hex digits of the digest that keeps unsafe names apart: 64 bits.
_DIGEST_DIGITS: Final = 16

#: What stands in an archive's name before its day and number, once it is full. No channel's file name has it.
_ROTATED: Final = "@"
#: A rotated archive: whose, of which day, the how many-th.
_ROTATED_NAME: Final = re.compile(r"(?P<stem>[^@]+)@(?P<day>\d{4}-\d\d-\d\d)\.(?P<number>\d+)\.jsonl")
#: Seconds of a day in UTC.
_DAY: Final = 86_400
#: Locked while an archive is renamed, so that of several processes one does it.
_LOCK: Final = ".rotation.lock"

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
    import hashlib

    digest = hashlib.sha256(channel.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_DIGITS]
    return f"{slug}-{digest}.jsonl"


def parts(path: Path) -> list[Path]:
    """The files of an archive, oldest first: the rotated ones by day and number, then the one that is written to."""
    found = []
    stem = path.name.removesuffix(".jsonl")
    for other in path.parent.glob(f"{stem}{_ROTATED}*.jsonl"):
        name = _ROTATED_NAME.fullmatch(other.name)
        if name is not None and name["stem"] == stem:
            found.append((name["day"], int(name["number"]), other))
    return [other for _, _, other in sorted(found)] + ([path] if path.exists() else [])


def rotated_day(path: Path) -> datetime.date | None:
    """The day of a rotated archive's lines; nothing where the name is not one's."""
    name = _ROTATED_NAME.fullmatch(path.name)
    return None if name is None else datetime.date.fromisoformat(name["day"])


def next_day(day: datetime.date) -> int:
    """When the day after `day` begins, in seconds since 1970."""
    return (day - datetime.date(1970, 1, 1)).days * _DAY + _DAY


def day_at(seconds: float) -> datetime.date:
    """The day in UTC."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).date()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While nobody else rotates an archive of this folder."""
    fd = os.open(folder / _LOCK, _FLAGS, 0o600)
    try:
        if fcntl is not None:
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


class Archive:
    """An open archive. Only its owner may read and write the file (mode 0600)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.fd = os.open(path, _FLAGS, 0o600)
        """The open file."""
        self._end_last_line()
        status = os.fstat(self.fd)
        # A file without lines is as old as its first line will be.
        self.day: datetime.date | None = day_at(status.st_mtime) if status.st_size else None
        """The day of its lines; nothing while there are none."""

    @property
    def removed(self) -> bool:
        """Whether somebody deleted the file: what is written to it from now on would be lost in silence."""
        return os.fstat(self.fd).st_nlink == 0

    def is_due(self, more: int, max_bytes: int, today: datetime.date) -> bool:
        """Whether `more` bytes belong into the next file: this one would have too many, or is of another day."""
        size = os.fstat(self.fd).st_size
        return size > 0 and (size + more > max_bytes or (self.day is not None and self.day != today))

    def rotate(self) -> None:
        """Renames the file to its day and the next number, unless another process did; then closes it.

        Raises OSError.
        """
        folder = self._path.parent
        with _alone(folder):
            if self._is_current():
                stem, day = self._path.name.removesuffix(".jsonl"), self.day or day_at(os.fstat(self.fd).st_mtime)
                numbers = [0]
                for other in folder.glob(f"{stem}{_ROTATED}{day}.*.jsonl"):
                    name = _ROTATED_NAME.fullmatch(other.name)
                    if name is not None and name["stem"] == stem:
                        numbers.append(int(name["number"]))
                self._path.rename(folder / f"{stem}{_ROTATED}{day}.{max(numbers) + 1:04}.jsonl")

    def append(self, line: bytes) -> None:
        """Hands one line, newline excluded, to the operating system in one write. Raises OSError."""
        line += b"\n"
        written = os.write(self.fd, line)
        if written != len(line):
            raise OSError("the disk had room for a part only")

    def close(self) -> None:
        """Closes the file."""
        os.close(self.fd)

    def _is_current(self) -> bool:
        """Whether the name still stands for the file that is open."""
        try:
            named = self._path.stat(follow_symlinks=False) if hasattr(os, "O_NOFOLLOW") else self._path.stat()
        except FileNotFoundError:
            return False
        mine = os.fstat(self.fd)
        return (named.st_dev, named.st_ino) == (mine.st_dev, mine.st_ino)

    def _end_last_line(self) -> None:
        # A crash or a full disk may have cut the last line short: end it, so that it spoils no other.
        size = os.fstat(self.fd).st_size
        if size > 0:
            os.lseek(self.fd, size - 1, os.SEEK_SET)
            if os.read(self.fd, 1) != b"\n":
                os.write(self.fd, b"\n")
