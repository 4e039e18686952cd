"""A collector for benches: counts what it is sent, accepts all of it and keeps nothing.

Prints its base URL, and ends when its standard input does. In a process of its own, so that no client pays for it.
"""

from __future__ import annotations

import gzip
import http.server
import sys
import threading


class Discard(http.server.BaseHTTPRequestHandler):
    """Answers the ingest verdict."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        # Each record says once what it is.
        accepted = gzip.decompress(body).count(b'{"schema":"')
        answer = b'{"accepted":%d,"rejected":0,"dropped":0}' % accepted
        # In one piece: the system would hold a second one back until the first is acknowledged.
        self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(answer), answer))


def main() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Discard)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
