"""Reads whole lines in chunks: bounded memory, and no wait for a full chunk where lines trickle in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

#: Bytes read at once: far above the cost of a call, far below what anyone would miss.
CHUNK_BYTES: Final = 256 * 1024


class Source(Protocol):
    """A binary stream, such as `sys.stdin.buffer` or an open file."""

    def read1(self, size: int, /) -> bytes:
        """At most `size` bytes, as soon as there are any; empty at the end."""
        ...


def whole_lines(source: Source, *, keep: int | None = None) -> Iterator[bytes]:
    """Chunks of whole lines; only the last one may lack its newline.

    Of a line longer than a chunk, all is kept, or only its first `keep` bytes.
    """
    rest = bytearray()
    while chunk := source.read1(CHUNK_BYTES):
        cut = chunk.rfind(b"\n") + 1
        if cut:
            first = chunk.index(b"\n")
            rest += _within(keep, len(rest), chunk[:first])
            yield bytes(rest) + chunk[first:cut]
            rest.clear()
        rest += _within(keep, len(rest), chunk[cut:])
    if rest:
        yield bytes(rest)


def _within(keep: int | None, held: int, more: bytes) -> bytes:
    return more if keep is None else more[: max(0, keep - held)]
