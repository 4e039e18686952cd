"""The documentation, held to the code.

Its examples run as they stand, its links lead somewhere, the tests that it names exist, and its generated pages are
those of the code.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import record_reference
import record_types
from collector import ROOT, Collector
from readme_test import DOCUMENTED_URL, NO_DART, TIMEOUT_S, collector  # noqa: F401

DOCS = ROOT / "docs"
BIN = ROOT / ".venv/bin"
PAGES = sorted(DOCS.rglob("*.md"))
PROSE = [
    *PAGES,
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md", "core/ARCHITECTURE.md")),
    *(ROOT / f"{name}/README.md" for name in ("tests", "deploy", "core/schemas", "bindings-dart")),
    *(ROOT / f"{name}/README.md" for name in ("bindings-python", "bindings-node", "bindings-node/collector")),
]

TESTED_ELSEWHERE = {"cli.md", "collector.md", "etl.md", "store.md"}
"""Pages whose examples another suite runs: a tour beside what it is a tour of."""

NOT_RUN = {
    ("quick-start.md", "make build"): "the suite stands on what it built",
    ("quick-start.md", "cd bindings-node/collector"): "a collector runs already, and this one never ends",
    ("configuration.md", "scrubjay status"): "alternatives between bars are no shell",
    ("spool.md", "scrubjay spool inspect"): "its folder is an example's",
    ("privacy-modes.md", "scrubjay seal-keypair"): "its files are an example's; the Python suite seals and opens",
    ("tracking-plans.md", "scrubjay plan check"): "its files are an example's; the Python suite checks plans",
}
"""Examples that are not executed, by page and beginning, with the reason."""

PLACEHOLDERS = {
    '"public_key": "…"': '"public_key": "BmlT8t4YqWzVQm3Zp0n8uJmXw1c6b2v9k5x7y3z1A0E"',
    "…": "a value of sixteen bytes",
}
"""What stands for a value that a page leaves out."""

SECTIONS = {"privacy", "plan", "sampling", "client"}
"""Members of a configuration."""

LANGUAGES = {"python", "js", "dart", "sh"}


@dataclasses.dataclass(frozen=True)
class Block:
    """An example on a page, and what the page says that it prints."""

    page: str
    line: int
    language: str
    code: str
    prints: str | None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


FENCE = re.compile(r"^```(\w*)\n(.*?)^```\n", re.M | re.S)


def blocks(language: set[str]) -> list[Block]:
    """All examples in these languages. A block of `text` right behind one is what it prints."""
    found = []
    for page in PAGES:
        text = page.read_text()
        for match in FENCE.finditer(text):
            if match[1] not in language:
                continue
            output = re.match(r"\n```text\n(.*?)^```", text[match.end() :], re.M | re.S)
            name = str(page.relative_to(DOCS))
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(name, line, match[1], match[2], output[1] if output else None))
    return found


def reason_not_to_run(block: Block) -> str | None:
    """Why an example is not executed, if it is not."""
    if block.page in TESTED_ELSEWHERE:
        return "run by a suite of its own"
    return next(
        (why for (page, start), why in NOT_RUN.items() if page == block.page and block.code.startswith(start)), None
    )


RUNNABLE = [block for block in blocks(LANGUAGES) if reason_not_to_run(block) is None]


@pytest.mark.parametrize("block", RUNNABLE, ids=str)
def test_an_example_runs_and_prints_what_the_page_says(
    block: Block,
    collector: Collector,  # noqa: F811
    tmp_path: pathlib.Path,
) -> None:
    command, file = {
        "python": ([sys.executable], "example.py"),
        "js": (["node"], "example.js"),
        "dart": ([str(ROOT / "bindings-dart/tool/run.sh")], "example.dart"),
        "sh": (["bash", "-eu", "-o", "pipefail"], "example.sh"),
    }[block.language]
    (tmp_path / file).write_text(block.code.replace(DOCUMENTED_URL, collector.url))
    (tmp_path / "scrubjay").symlink_to(ROOT / "bindings-node")
    done = subprocess.run(
        [*command, str(tmp_path / file)],
        # Dart finds its package from the checkout; everything else may write where it stands.
        cwd=ROOT if block.language == "dart" else tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    if done.returncode == NO_DART and block.language == "dart":
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    if block.prints is not None:
        assert done.stdout == block.prints


def environment(home: pathlib.Path) -> dict[str, str]:
    """That of the suite, without the consent and switches of whoever runs it."""
    switches = ("DO_NOT_TRACK", "OTEL_SDK_DISABLED")
    kept = {key: value for key, value in os.environ.items() if key not in switches and not key.startswith("TELEMETRY_")}
    return kept | {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "NODE_PATH": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
    }


def test_every_exception_still_names_an_example() -> None:
    for page, start in NOT_RUN:
        assert any(block.page == page and block.code.startswith(start) for block in blocks(LANGUAGES)), (page, start)


@pytest.mark.parametrize("block", [one for one in blocks({"json"}) if one.page not in TESTED_ELSEWHERE], ids=str)
def test_an_example_of_json_is_json_and_a_configuration_is_accepted(block: Block) -> None:
    from scrubjay import Engine

    text = block.code
    for placeholder, value in PLACEHOLDERS.items():
        text = text.replace(placeholder, value)
    document = json.loads(text)
    if SECTIONS.issuperset(document):
        if uses_a_key(document) and "pseudonym_key" not in document["privacy"]:
            document["privacy"]["pseudonym_key"] = PLACEHOLDERS["…"]
        Engine(document)


def uses_a_key(document: dict[str, object]) -> bool:
    """Whether an example asks for pseudonyms; their key is a secret, and not shown on every page."""
    return "privacy" in document and '"hash"' in json.dumps(document["privacy"])


# Links


def targets(page: pathlib.Path) -> list[tuple[str, str]]:
    """Text and target of each link of a page, code left out."""
    text = FENCE.sub("", page.read_text())
    # A link's text may be code: the name of a test. Those go first, as what is code otherwise is no link.
    named = re.findall(r"\[(`[^`\n]*`)\]\(([^)\s]+)\)", text)
    text = re.sub(r"\[`[^`\n]*`\]\([^)\s]+\)", "", text)
    return named + re.findall(r"(?<!!)\[([^\]\n]*)\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text))


@functools.cache
def anchors(page: pathlib.Path) -> set[str]:
    """Where a page can be linked to, as GitHub and mdBook name headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.M)
    found: set[str] = set()
    for heading in headings:
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower().replace("`", "")
        found.add(re.sub(r"[^\w\- ]", "", words).strip().replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PROSE, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: pathlib.Path) -> None:
    dead = []
    for _, target in targets(page):
        if re.match(r"https?:|mailto:", target):
            continue
        place, _, anchor = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            dead.append(target)
    assert not dead


CODE = re.compile(r"\.(rs|py|js|ts|dart)$")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_test_that_a_page_names_exists(page: pathlib.Path) -> None:
    missing = []
    for text, target in targets(page):
        file = (page.parent / target.partition("#")[0]).resolve()
        if not (text.startswith("`") and CODE.search(file.name)):
            continue
        if not file.is_file() or text.strip("`") not in file.read_text():
            missing.append(f"{text} in {target}")
    assert not missing


def test_every_page_stands_in_the_summary() -> None:
    listed = set(re.findall(r"\]\(([^)]+)\)", (DOCS / "SUMMARY.md").read_text()))
    assert listed == {str(page.relative_to(DOCS)) for page in PAGES} - {"SUMMARY.md"}


def test_the_policy_has_the_fifteen_sections_that_r4_lists() -> None:
    found = re.findall(r"^## (\d+)\. (.+)$", (DOCS / "qa/telemetry_policy.md").read_text(), re.M)
    assert [int(number) for number, _ in found] == list(range(1, 16))


@pytest.mark.parametrize("section", ["4", "5", "6", "7", "8", "10"])
def test_every_control_of_the_policy_names_a_test(section: str) -> None:
    policy = (DOCS / "qa/telemetry_policy.md").read_text()
    body = re.split(rf"^## {section}\. ", policy, flags=re.M)[1].split("\n## ")[0]
    rows = [line for line in body.splitlines() if re.match(r"\| (?!Control|-)", line)]
    assert rows
    assert not [row for row in rows if "](" not in row and "no test" not in row]


def test_the_page_of_records_is_made_from_the_schemas() -> None:
    assert record_reference.page() == (DOCS / "records.md").read_text()


def test_the_types_of_records_are_made_from_the_schemas() -> None:
    assert record_types.declarations() == record_types.TYPES.read_text()


def test_the_book_builds_where_mdbook_is() -> None:
    mdbook = shutil.which("mdbook") or shutil.which("mdbook", path=str(BIN))
    if mdbook is None:
        pytest.skip("no mdbook here: make docs installs one")
    built = subprocess.run([mdbook, "build", str(DOCS)], capture_output=True, text=True, timeout=TIMEOUT_S)
    assert built.returncode == 0, built.stderr
    assert "WARN" not in built.stderr, built.stderr
