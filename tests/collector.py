"""A real collector on free loopback ports, for tests and the demonstration that need one."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]

START_TIMEOUT_S = 20
"""A cold start of Node with an empty disk cache takes a few seconds."""

STOP_TIMEOUT_S = 10
"""The collector's own shutdown is bounded below this."""

POLL_S = 0.05
"""Its log is a file, so that it can outlive its parent; a file is read again until the line is there."""


class Collector:
    """Runs until `stop`, or beyond this process where nobody stops it."""

    def __init__(self, data: pathlib.Path, log: pathlib.Path) -> None:
        """Starts it with its data and log at these paths; raises RuntimeError where it does not come up."""
        self._log = log
        free_ports = {
            "HOST": "127.0.0.1",
            "PORT": "0",
            "PROMETHEUS_PORT": "0",
            "DATA_DIR": str(data),
        }
        with log.open("wb") as sink:
            self._process = subprocess.Popen(
                ["node", "src/server.js"],
                cwd=ROOT / "bindings-node/collector",
                env=os.environ | free_ports,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.url, self.metrics_url = self._addresses()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def _addresses(self) -> tuple[str, str]:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            for line in self._log.read_text().splitlines():
                if '"msg":"listening"' in line:
                    said = json.loads(line)
                    return said["url"], said["metrics_url"]
            time.sleep(POLL_S)
        self.stop()
        raise RuntimeError(f"the collector did not start:\n{self._log.read_text()[-2000:]}")

    def stop(self) -> None:
        """Ends it by its process id and waits for it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def fetch(url: str) -> bytes:
    """The body at `url`."""
    with urllib.request.urlopen(url, timeout=STOP_TIMEOUT_S) as response:
        return bytes(response.read())
