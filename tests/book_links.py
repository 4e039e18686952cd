"""A preprocessor of mdBook: links that leave `docs/` are text in the book, since the book travels without the checkout.

Reads `[context, book]` as JSON and writes the book back, as mdBook's protocol asks.
"""

from __future__ import annotations

import json
import posixpath
import re
import sys
from typing import Any

LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|mailto:|#)([^)\s]+)\)")


def main() -> int:
    """Answers mdBook; `supports RENDERER` is asked first."""
    if sys.argv[1:2] == ["supports"]:
        return 0
    _, book = json.load(sys.stdin)
    for item in book.get("items", book.get("sections", [])):
        rewrite(item)
    json.dump(book, sys.stdout)
    return 0


def rewrite(item: Any) -> None:
    """Rewrites a chapter and those below it."""
    chapter = item.get("Chapter") if isinstance(item, dict) else None
    if chapter is None:
        return
    folder = posixpath.dirname(chapter.get("path") or "")
    chapter["content"] = LINK.sub(lambda link: outside(link, folder), chapter["content"])
    for below in chapter["sub_items"]:
        rewrite(below)


def outside(link: re.Match[str], folder: str) -> str:
    """A link as it stands where it stays inside, else its text and the path from the top of the repository."""
    target = posixpath.normpath(posixpath.join("docs", folder, link[2].split("#")[0]))
    if target.startswith("docs/"):
        return link[0]
    return f"{link[1]} (`{target}`)"


if __name__ == "__main__":
    sys.exit(main())
