#!/usr/bin/env python3
"""Makes what this machine can make of a release, and tries it in empty environments. `make release` runs it.

Everything goes to `target/release-files`: wheel, source distribution, npm packages, Dart package and library, bills of
materials and the licences of what is linked, and SHA256SUMS. Wheel, addon and library have to be built before.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import venv
from collections.abc import Iterator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from versions import found

ROOT = pathlib.Path(__file__).resolve().parents[1]
OUT = ROOT / "target/release-files"
BIN = ROOT / ".venv/bin"

LINKED = {"wheel": "scrubjay-python", "addon": "scrubjay-node", "dart": "scrubjay-dart"}
"""From what is released to the crate that it is built of."""

LICENCE_FILES = re.compile(r"(LICEN[CS]E|COPYING|NOTICE)", re.I)

LICENCE_PLACES = {
    "Apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "MIT": "https://opensource.org/license/mit",
    "MPL-2.0": "https://www.mozilla.org/MPL/2.0/",
}
"""Where texts stand that packages may leave out."""

WAIT_S = 300
"""Far above any step but a build."""

Crate = tuple[str, str, str]
"""Name, version, licence expression."""


def main() -> int:
    """Makes, checks, and sums up; returns the exit code."""
    version = found(ROOT / "Cargo.toml", r'(?m)^version = "([^"]+)"')
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    # Archives carry the commit's time, so that two runs give the same bytes.
    os.environ["SOURCE_DATE_EPOCH"] = run("git", "log", "-1", "--format=%ct").strip()
    crates = {name: linked(crate) for name, crate in LINKED.items()}
    everything = {crate for parts in crates.values() for crate in parts}
    refuse_foreign_licences(everything)
    python_packages()
    npm_packages(version)
    dart_package(version)
    for name, parts in crates.items():
        (OUT / f"scrubjay-{name}-{version}.cdx.json").write_text(bill_of_materials(name, version, parts))
    (OUT / "LICENSES-THIRD-PARTY.txt").write_text(licences(everything))
    with tempfile.TemporaryDirectory() as empty:
        try_out(pathlib.Path(empty), version)
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(OUT.iterdir())]
    (OUT / "SHA256SUMS").write_text("".join(sums))
    for file in sorted(OUT.iterdir()):
        print(f"{file.stat().st_size:>10}  {file.relative_to(ROOT)}")
    return 0


def run(*command: str, cwd: pathlib.Path = ROOT, **more: str) -> str:
    """A command's output; what it said goes out with the error where it fails."""
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | more, capture_output=True, text=True, timeout=WAIT_S, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def linked(crate: str) -> list[Crate]:
    """What is linked into a crate on this platform, by cargo's own resolution."""
    encrypted = encryption() if crate == LINKED["addon"] else {}
    features = ["--features", "encryption"] if encrypted else []
    command = ["cargo", "tree", "--locked", "-p", crate, *features]
    lines = run(*command, "-e", "normal", "--prefix", "none", "--format", "{p}|{l}")
    crates = set(encrypted)
    for line in lines.splitlines():
        package, _, licence = line.removesuffix(" (*)").partition("|")
        name, number = package.split()[:2]
        crates.add((name, number.removeprefix("v"), licence))
    return sorted(one for one in crates if not one[0].startswith("scrubjay"))


def encryption() -> dict[Crate, str]:
    """What stores that can be encrypted link beside crates, and where its source is; nothing in other builds."""
    if not os.environ.get("ENCRYPTION"):
        return {}
    header = pathlib.Path(os.environ["OPENSSL_INCLUDE_DIR"], "openssl/opensslv.h")
    openssl = found(header, r'define OPENSSL_VERSION_STR "([^"]+)"')
    sqlcipher = found(ROOT / "Cargo.lock", r'name = "sqlcipher-src"\nversion = "[^"]*sqlcipher-([0-9.]+)')
    return {
        ("openssl", openssl, "Apache-2.0"): "https://github.com/openssl/openssl",
        ("sqlcipher", sqlcipher, "BSD-3-Clause"): "https://github.com/sqlcipher/sqlcipher",
    }


def refuse_foreign_licences(crates: set[Crate]) -> None:
    """cargo-deny's question about licences, asked of what is linked: deny.toml allows, or nothing is released."""
    allowed = set(re.findall(r'"([^"]+)"', found(ROOT / "deny.toml", r"(?s)\[licenses\].*?allow = \[(.*?)\]")))

    def allows(expression: str) -> bool:
        # The old spelling of OR, then parts of AND, of which each needs one that is allowed.
        plain = re.sub(r"\s*/\s*", " OR ", expression).replace("(", "").replace(")", "")
        return all(any(one.strip() in allowed for one in part.split(" OR ")) for part in plain.split(" AND "))

    if foreign := sorted(crate for crate in crates if not allows(crate[2])):
        raise SystemExit(f"licences that deny.toml does not allow: {foreign}")


def python_packages() -> None:
    """The wheel that `make build-python` made, and the source distribution."""
    for wheel in (ROOT / "target/wheels").glob("scrubjay-*.whl"):
        shutil.copy(wheel, OUT)
    run(str(BIN / "maturin"), "sdist", "-m", "bindings-python/Cargo.toml", "--out", str(OUT))


def npm_packages(version: str) -> None:
    """The addon's package, this platform's library, and the collector's, which then asks for a version of the first."""
    with tempfile.TemporaryDirectory() as staging:
        laid_out = pathlib.Path(staging) / "npm"
        run(sys.executable, ".ci/npm_packages.py", "bindings-node", str(laid_out))
        for folder in (laid_out / "scrubjay", *(laid_out / "platforms").iterdir()):
            run("npm", "pack", "--silent", "--pack-destination", str(OUT), cwd=folder)
        copy = pathlib.Path(staging) / "collector"
        left_out = shutil.ignore_patterns("node_modules", "test", "data")
        shutil.copytree(ROOT / "bindings-node/collector", copy, ignore=left_out)
        manifest = json.loads((copy / "package.json").read_text())
        manifest["dependencies"]["scrubjay"] = version
        # It keeps the checkout's from being published by mistake.
        manifest.pop("private", None)
        (copy / "package.json").write_text(json.dumps(manifest, indent=2) + "\n")
        run("npm", "pack", "--silent", "--pack-destination", str(OUT), cwd=copy)


def dart_package(version: str) -> None:
    """Sources as pub wants them, and beside them this platform's library."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
    names = ("libuniffi_scrubjay.so", "libuniffi_scrubjay.dylib", "uniffi_scrubjay.dll")
    library = next(target / name for name in names if (target / name).exists())
    epoch = int(os.environ["SOURCE_DATE_EPOCH"])

    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        info.mtime = epoch
        return info

    with tarfile.open(OUT / f"scrubjay-dart-{version}.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        for name in ("lib", "pubspec.yaml", "README.md"):
            archive.add(ROOT / "bindings-dart" / name, f"scrubjay/{name}", filter=plain)
        for name in ("LICENSE-APACHE", "LICENSE-MIT"):
            archive.add(ROOT / name, f"scrubjay/{name}", filter=plain)
        archive.add(library, f"scrubjay/native/{library.name}", filter=plain)


def bill_of_materials(name: str, version: str, crates: list[Crate]) -> str:
    """CycloneDX 1.5 of what is linked."""
    components = [
        {
            "type": "library",
            "bom-ref": purl,
            "name": crate,
            "version": number,
            "purl": purl,
            "licenses": [{"expression": re.sub(r"\s*/\s*", " OR ", licence)}],
        }
        for crate, number, licence in crates
        for purl in [f"pkg:{'generic' if (crate, number, licence) in encryption() else 'cargo'}/{crate}@{number}"]
    ]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {"type": "library", "bom-ref": "scrubjay", "name": f"scrubjay-{name}", "version": version}
        },
        "components": components,
    }
    return json.dumps(document, indent=1) + "\n"


def licences(crates: set[Crate]) -> str:
    """Name, version and licence of each crate, then each text once, with the crates that it stands for.

    Some crates come without the text of their licence: what it says is said by name, with the place of their source.
    """
    metadata = json.loads(run("cargo", "metadata", "--format-version", "1", "--locked", "--all-features"))
    packages = {(one["name"], one["version"]): one for one in metadata["packages"]}
    texts: dict[str, list[str]] = {}
    without = []
    # What is no crate: SQLCipher's text comes with the crate of its sources.
    places = encryption()
    (sources,) = [one["manifest_path"] for one in packages.values() if one["name"] == "sqlcipher-src"]
    for name, number, licence in sorted(crates):
        place = places.get((name, number, licence))
        if name == "sqlcipher":
            own = [pathlib.Path(sources).with_name("sqlcipher").joinpath("LICENSE-sqlcipher").read_text().strip()]
        elif place is not None:
            own = []
        else:
            package = packages[name, number]
            own, place = list(license_texts(pathlib.Path(package["manifest_path"]).parent)), package["repository"]
        for text in own:
            texts.setdefault(text, []).append(f"{name} {number}")
        if not own:
            links = sorted({LICENCE_PLACES[one] for one in LICENCE_PLACES if one in licence})
            without.append(f"{name} {number}: {licence}, {' or '.join(links)}; source: {place}\n")
    head = "".join(f"{name} {number}: {licence}\n" for name, number, licence in sorted(crates))
    head += "\nThese have no text of their licence in their package:\n" + "".join(without)
    return head + "".join(f"\n{'=' * 80}\n{', '.join(of)}\n\n{text}\n" for text, of in texts.items())


def license_texts(folder: pathlib.Path) -> Iterator[str]:
    """The texts that a crate brings."""
    for file in sorted(folder.iterdir()):
        if file.is_file() and LICENCE_FILES.match(file.name):
            yield file.read_text(errors="replace").strip()


def try_out(empty: pathlib.Path, version: str) -> None:
    """What was made, installed where nothing is: a record from the wheel's command line into the packed collector."""
    venv.create(empty / "python", with_pip=True)
    python = empty / "python/bin"
    (wheel,) = OUT.glob("*.whl")
    run(str(python / "pip"), "install", "--quiet", f"{wheel}[cli]", cwd=empty)
    said = run(str(python / "scrubjay"), "scrub", "ann@example.com", cwd=empty)
    assert "[email]" in said, said

    (empty / "package.json").write_text('{"name": "empty", "version": "0.0.0", "private": true}')
    packages = [str(file) for file in sorted(OUT.glob("scrubjay-*.tgz"))]
    run("npm", "install", "--silent", "--no-audit", "--no-fund", *packages, cwd=empty)
    # Of what a user gets: npm resolves the collector's packages here as it does there.
    bill = run("npm", "sbom", "--sbom-format=cyclonedx", cwd=empty)
    (OUT / f"scrubjay-collector-{version}.cdx.json").write_text(bill)

    collector, url = started(empty)
    try:
        program = (
            "import sys, scrubjay\n"
            "with scrubjay.Tracker({'client': {'enabled': True, 'endpoint': sys.argv[1]}}) as tracker:\n"
            "    tracker.track('release', 'tried', {'mail': 'ann@example.com'})\n"
            "assert tracker.stats()['delivered'] == 1, tracker.stats()\n"
        )
        run(str(python / "python"), "-c", program, url, cwd=empty, XDG_STATE_HOME=str(empty / "state"))
        with urllib.request.urlopen(
            f"{url}/api/v1/telemetry/metrics/aggregate?aggregation=count&consistency=now", timeout=10
        ) as answer:
            buckets = json.load(answer)["buckets"]
        assert buckets[0]["count"] == 1, buckets
    finally:
        collector.terminate()
        collector.wait(WAIT_S)
    print("tried in empty environments:", wheel.name, *(pathlib.Path(package).name for package in packages))
    print("packed, and tried by the suite `dart` alone: the library of Dart")


def started(empty: pathlib.Path) -> tuple[subprocess.Popen[str], str]:
    """The installed collector and its address, which its first lines say."""
    own = {"HOST": "127.0.0.1", "PORT": "0", "PROMETHEUS_PORT": "0", "DATA_DIR": str(empty / "data")}
    collector = subprocess.Popen(
        ["node", "src/server.js"],
        cwd=empty / "node_modules/scrubjay-collector",
        env=os.environ | own,
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in collector.stdout or ():
        if '"msg":"listening"' in line:
            return collector, str(json.loads(line)["url"])
    raise SystemExit("the packed collector did not start")


if __name__ == "__main__":
    sys.exit(main())
