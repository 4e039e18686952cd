"""What a library is made of: `size.py LIBRARY`, built with its symbols (`STRIP=none tool/lean.sh`).

First its sections as they are in the file, which add up to it; then code and named data by the crate that they were
written in. Generic code counts for the crate that wrote it, not for the one that uses it: `core` and `alloc` have much.
"""

from __future__ import annotations

import collections
import re
import subprocess
import sys

SECTIONS = {
    "code": (".text", ".plt", ".init", ".fini"),
    "constants: tables, strings": (".rodata", ".tdata", ".data"),
    "unwinding": (".eh_frame", ".eh_frame_hdr", ".gcc_except_table"),
    "tables of functions": (".data.rel.ro", ".got", ".got.plt", ".init_array", ".fini_array"),
    "relocations": (".rela.dyn", ".rela.plt", ".relr.dyn"),
    "names of exports": (".dynsym", ".dynstr", ".gnu.hash", ".gnu.version", ".gnu.version_r"),
}

PARTS = {
    "TLS": r"rustls\w*|webpki|ring\w*|ecp_nistz256\w*|bn_\w+|x25519\w*|openssl_probe|untrusted|\w*mont\w*|\w*mul4x\w*",
    "HTTP": r"reqwest|hyper\w*|http\w*|tower\w*|h2|url|idna\w*|icu_\w+|percent_encoding|ipnet|form_urlencoded",
    "runtime of HTTP": r"tokio\w*|mio|socket2|futures_\w+|bytes|want|sync_wrapper|tracing\w*",
    "engine, client, facade": r"scrubjay_core|uniffi_uniffi_scrubjay\w*",
    "UniFFI": r"uniffi\w*|ffi_uniffi\w*|UNIFFI\w*|anyhow",
    "configuration and JSON": r"serde\w*|strsim|zmij|itoa|ryu",
    "sealing, hashes": r"dryoc|sha2|hmac|hkdf|keccak|curve25519\w*|digest|block_buffer|subtle|hybrid_array",
    "gzip, checksums": r"zlib_rs|flate2|crc32fast|adler2",
    "times": r"jiff\w*|httpdate",
    "patterns": r"regex_lite",
    "backtraces": r"gimli|addr2line|rustc_demangle|miniz_oxide|object",
    "standard library, generic code": r"core|alloc|std|hashbrown|std_detect|memchr|panic_unwind|compiler_builtins",
}


def sections(library: str) -> collections.Counter[str]:
    """Bytes in the file by group of sections."""
    sizes: collections.Counter[str] = collections.Counter()
    for line in run("readelf", "-SW", library).splitlines():
        found = re.match(r"\s*\[\s*\d+\]\s+(\S+)\s+(\S+)\s+\S+\s+\S+\s+([0-9a-f]+)\s+\S+\s+(\S*)", line)
        if found and found[2] != "NOBITS" and "A" in found[4]:
            group = next((name for name, members in SECTIONS.items() if found[1] in members), "other")
            sizes[group] += int(found[3], 16)
    return sizes


def parts(library: str) -> collections.Counter[str]:
    """Bytes of code and named data by who wrote it."""
    sizes: collections.Counter[str] = collections.Counter()
    for line in run("nm", "-S", "--demangle", library).splitlines():
        found = re.match(r"[0-9a-f]+ ([0-9a-f]+) [A-Za-z] (.*)", line)
        if found:
            crate = re.search(r"\b([a-z_][a-z_0-9]*)::", found[2])
            name = crate[1] if crate else found[2]
            part = next((part for part, names in PARTS.items() if re.fullmatch(names, name)), "other")
            sizes[part] += int(found[1], 16)
    return sizes


def run(*command: str) -> str:
    """What a program prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    for table in (sections(sys.argv[1]), parts(sys.argv[1])):
        for name, size in table.most_common():
            print(f"{size:>10,}  {name}")
        print(f"{sum(table.values()):>10,}  in all\n")
