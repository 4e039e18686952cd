"""Session ids that tell sessions apart and nothing else (R0)."""

from __future__ import annotations

import functools
from typing import Final

#: Bytes of the key: as strong as the hash.
_KEY_BYTES: Final = 32
#: Bytes of a digest that are kept: 128 bits, so that no two sessions meet.
_DIGEST_BYTES: Final = 16
#: Ids remembered: those of the sessions that run at a time.
_REMEMBERED: Final = 1_024


class Sessions:
    """Hashes session ids with a key that exists only here: who reads the archives cannot link them to anything."""

    def __init__(self) -> None:
        # Not worth their import time where there is no router.
        import hashlib
        import hmac
        import secrets

        key = secrets.token_bytes(_KEY_BYTES)

        @functools.lru_cache(_REMEMBERED)
        def token(session_id: str) -> str:
            digest = hmac.digest(key, session_id.encode("utf-8", "surrogatepass"), hashlib.sha256)[:_DIGEST_BYTES]
            # A token of the engine's form, which scrubbing leaves as it is.
            return f"[hash:{digest.hex()}]"

        self._token = token

    def anonymous(self, session_id: str) -> str:
        """The token of a session; what is no text is the engine's to refuse."""
        return self._token(session_id) if isinstance(session_id, str) else session_id
