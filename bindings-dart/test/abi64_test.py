"""Drives the C ABI that lib/src/ calls, at the host's width: the Dart VM of a bare machine has 32 bits only.

SCRUBJAY_LIBRARY names the library (tool/library.sh builds it and prints its path). Standard library only.
"""

import ctypes
import json
import os
import pathlib
import re
import struct
import unittest

ABI = (pathlib.Path(__file__).resolve().parent.parent / "lib" / "src" / "abi.dart").read_text()
PREFIX = "uniffi_scrubjay"
RECORD = {
    "timestamp": "2026-01-02T03:04:05Z",
    "channel": "app",
    "event": "login",
    "payload": {"to": "ann@example.com"},
}


class RustBuffer(ctypes.Structure):
    """Bytes owned by Rust, passed by value."""

    _fields_ = (("capacity", ctypes.c_uint64), ("len", ctypes.c_uint64), ("data", ctypes.POINTER(ctypes.c_ubyte)))


class RustCallStatus(ctypes.Structure):
    """Where a call says whether it succeeded."""

    _fields_ = (("code", ctypes.c_int8), ("error_buf", RustBuffer))


class CallError(Exception):
    """A declared error: code and path."""


library = ctypes.CDLL(os.environ["SCRUBJAY_LIBRARY"])


def call(name: str, result: type | None, *arguments: object) -> object:
    """Calls a scaffolding function and raises what its status reports."""
    function = getattr(library, name)
    function.restype = result
    status = RustCallStatus()
    value = function(*arguments, ctypes.byref(status))
    if status.code == 1:
        lowered = take(status.error_buf)
        code, offset = read_text(lowered, 4)
        path, _ = read_text(lowered, offset)
        raise CallError(code, path)
    if status.code != 0:
        raise RuntimeError(f"status {status.code}")
    return value


def read_text(lowered: bytes, offset: int) -> tuple[str, int]:
    """The counted text at `offset`, and where it ends."""
    start = offset + 4
    end = start + struct.unpack_from(">i", lowered, offset)[0]
    return lowered[start:end].decode(), end


def lower(data: bytes) -> RustBuffer:
    """A Rust buffer with a copy of `data`."""
    buffer = call(f"ffi_{PREFIX}_rustbuffer_alloc", RustBuffer, ctypes.c_uint64(len(data)))
    ctypes.memmove(buffer.data, data, len(data))
    return buffer


def counted(data: bytes) -> bytes:
    """`data` behind its big-endian count."""
    return struct.pack(">i", len(data)) + data


def take(buffer: RustBuffer) -> bytes:
    """Copies a buffer that Rust gave away, then frees it."""
    data = ctypes.string_at(buffer.data, buffer.len)
    call(f"ffi_{PREFIX}_rustbuffer_free", None, buffer)
    return data


def create(kind: str, config: str) -> ctypes.c_uint64:
    """A new object; the caller owns the handle."""
    handle = call(f"uniffi_{PREFIX}_fn_constructor_{kind}_new", ctypes.c_uint64, lower(config.encode()))
    return ctypes.c_uint64(handle)


def method(kind: str, name: str, handle: ctypes.c_uint64, result: type | None, *arguments: object) -> object:
    """Calls a method with a clone of `handle`, which it consumes."""
    clone = call(f"uniffi_{PREFIX}_fn_clone_{kind}", ctypes.c_uint64, handle)
    value = call(f"uniffi_{PREFIX}_fn_method_{kind}_{name}", result, ctypes.c_uint64(clone), *arguments)
    return take(value).decode() if result is RustBuffer else value


def free(kind: str, handle: ctypes.c_uint64) -> None:
    """Gives up the ownership that `handle` stands for."""
    call(f"uniffi_{PREFIX}_fn_free_{kind}", None, handle)


def process(engine: ctypes.c_uint64, record: bytes, stamp: str | None = None) -> str:
    """`Engine.process`."""
    optional = b"\0" if stamp is None else b"\1" + counted(stamp.encode())
    return method("engine", "process", engine, RustBuffer, lower(counted(record)), lower(optional))


class Abi64(unittest.TestCase):
    """The ABI as Dart expects it."""

    def test_pointers_have_64_bits(self) -> None:
        self.assertEqual(ctypes.sizeof(ctypes.c_void_p), 8)
        self.assertEqual((ctypes.sizeof(RustBuffer), ctypes.sizeof(RustCallStatus)), (24, 32))

    def test_the_contract_version_is_the_one_dart_expects(self) -> None:
        expected = re.search(r"contractVersion = (\d+);", ABI)
        assert expected is not None
        self.assertEqual(getattr(library, f"ffi_{PREFIX}_uniffi_contract_version")(), int(expected[1]))

    def test_the_checksums_are_the_ones_dart_expects(self) -> None:
        expected = re.findall(r"^  '(\w+)': (\d+),$", ABI, re.MULTILINE)
        self.assertEqual(len(expected), 42)
        for name, checksum in expected:
            function = getattr(library, f"uniffi_{PREFIX}_checksum_{name}")
            function.restype = ctypes.c_uint16
            self.assertEqual(function(), int(checksum), name)

    def test_an_engine_returns_the_canonical_outcome(self) -> None:
        engine = create("engine", "{}")
        self.addCleanup(free, "engine", engine)
        self.assertEqual(
            process(engine, json.dumps(RECORD).encode()),
            '{"status":"accepted","id":null,"violations":[],'
            '"redactions":[{"path":"/payload/to","rule":"email","action":"replace"}],'
            '"record":{"schema":"telemetry_event_v1","timestamp":"2026-01-02T03:04:05.000000Z","channel":"app",'
            '"event":"login","payload":{"to":"[email]"}}}',
        )
        stamped = process(engine, b"{}", '{"now":"2026-01-02T03:04:05Z","random":"00112233445566778899"}')
        self.assertEqual(json.loads(stamped)["status"], "rejected")
        self.assertEqual(json.loads(process(engine, b"\xff"))["violations"][0]["code"], "json_utf8")
        text = method("engine", "scrub_text", engine, RustBuffer, lower("ann@example.com, 東京".encode()))
        self.assertEqual(json.loads(text)["text"], "[email], 東京")

    def test_an_explanation_and_sealed_values_cross_the_border(self) -> None:
        pair = json.loads(take(call(f"uniffi_{PREFIX}_fn_func_seal_keypair", RustBuffer)))
        seal = {"public_key": pair["public_key"], "rules": ["email"]}
        engine = create("engine", json.dumps({"privacy": {"pseudonym_key": "k" * 16, "seal": seal}}))
        self.addCleanup(free, "engine", engine)
        record = lower(counted(json.dumps(RECORD).encode()))
        explained = json.loads(method("engine", "explain", engine, RustBuffer, record, lower(b"\0")))
        expected = [{"path": "/payload/to", "rule": "email", "action": "seal", "reason": "seal"}]
        self.assertEqual(explained["decisions"], expected)
        box = json.loads(method("engine", "scrub_text", engine, RustBuffer, lower(b"ann@example.com")))["text"]
        arguments = (lower(pair["secret_key"].encode()), lower(box.encode()))
        unsealed = json.loads(take(call(f"uniffi_{PREFIX}_fn_func_unseal", RustBuffer, *arguments)))
        self.assertEqual(unsealed, {"opened": 1, "failed": 0, "text": "ann@example.com"})

    def test_a_bad_call_is_a_declared_error_with_code_and_path(self) -> None:
        with self.assertRaises(CallError) as caught:
            create("engine", '{"privacy":{"moed":1}}')
        self.assertEqual(caught.exception.args, ("config_unknown_key", "/privacy/moed"))

    def test_a_panic_is_the_error_internal(self) -> None:
        call(f"uniffi_{PREFIX}_fn_func_hide_panic_messages", None)
        with self.assertRaises(CallError) as caught:
            call(f"uniffi_{PREFIX}_fn_func_panic_for_test", RustBuffer)
        self.assertEqual(caught.exception.args, ("internal", ""))

    def test_every_error_code_is_mapped(self) -> None:
        codes = json.loads(take(call(f"uniffi_{PREFIX}_fn_func_codes", RustBuffer)))
        for code in codes["errors"]:
            with self.assertRaises(CallError) as caught:
                call(f"uniffi_{PREFIX}_fn_func_fail_for_test", RustBuffer, lower(code.encode()))
            self.assertEqual(caught.exception.args, (code, "/for/test"))

    def test_a_record_is_captured_where_it_stands(self) -> None:
        client = create("client", '{"client":{"enabled":true,"endpoint":"http://127.0.0.1:1"}}')
        self.addCleanup(free, "client", client)
        address = ctypes.c_void_p(method("client", "address", client, ctypes.c_uint64))

        # An object of two texts and an object, as core/src/capture.rs has it.
        def name(text: bytes) -> bytes:
            return b"\x87" + bytes([len(text)]) + text

        record = b"\x8a" + name(b"channel") + name(b"app") + name(b"event") + name(b"login")
        record += name(b"payload") + b"\x8a" + name(b"to") + name(b"ann@example.com") + b"\x8c\x8c"
        length = ctypes.c_size_t(len(record))
        library.uniffi_scrubjay_capture.restype = ctypes.c_int8
        self.assertEqual(library.uniffi_scrubjay_capture(address, record, length), 1)
        library.uniffi_scrubjay_capture_checked.restype = RustBuffer
        outcome = json.loads(take(library.uniffi_scrubjay_capture_checked(address, record, length)))
        self.assertEqual((outcome["status"], outcome["record"]["payload"]), ("accepted", {"to": "[email]"}))
        self.assertEqual(json.loads(method("client", "stats", client, RustBuffer))["accepted"], 2)

    def test_a_client_lives_and_dies(self) -> None:
        client = create("client", "{}")
        self.addCleanup(free, "client", client)
        self.assertEqual(method("client", "track", client, ctypes.c_int8, lower(json.dumps(RECORD).encode())), 0)
        outcome = method("client", "track_checked", client, RustBuffer, lower(json.dumps(RECORD).encode()))
        self.assertEqual(json.loads(outcome)["status"], "accepted")
        self.assertEqual(method("client", "flush", client, ctypes.c_int8, ctypes.c_uint64(100)), 1)
        self.assertEqual(method("client", "shutdown", client, ctypes.c_int8, ctypes.c_uint64(2**64 - 1)), 1)
        self.assertEqual(json.loads(method("client", "stats", client, RustBuffer))["enabled"], False)


if __name__ == "__main__":
    unittest.main()
