"""Which hub is asked: Hugging Face's, or the mirror that HF_ENDPOINT names. Read anew each time; no library needed."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

_DEFAULT = "https://huggingface.co"
_HERE = ("127.0.0.1", "localhost", "::1")


def endpoint() -> str:
    """As huggingface_hub takes it: without a slash at the end."""
    return (os.environ.get("HF_ENDPOINT") or _DEFAULT).rstrip("/")


def is_private(address: str) -> bool:
    """Can nobody on the way read what is sent there?"""
    parts = urlsplit(address)
    return parts.scheme == "https" or parts.hostname in _HERE
