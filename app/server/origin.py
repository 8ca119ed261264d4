"""Who may ask: programs of this machine, and no web page. Pure.

To listen on 127.0.0.1 does not keep web pages out: the person's own browser runs them on this machine. Without this
check any page that is open in it could use the person's engine, and read what comes back:

- A page of another origin may send a POST here unasked ("no-cors"), and browsers name the page in `Origin`: such a
  request is refused, and no CORS header is ever sent, so that a page could not read the answer either.
- A page whose name was made to point to 127.0.0.1 after it was loaded (DNS rebinding) is of the same origin for the
  browser. It is told by `Host`, which still has the page's name.

Programs send no Origin, and the address that they were given as Host.
"""

from __future__ import annotations

import re

# any port: it may have been forwarded from another one
_OWN_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?", re.IGNORECASE)


def why_refused(host: str | None, origin: str | None) -> str:
    """A sentence for the client; empty where it may ask. The values of the two headers, None for one that is absent."""
    if host is None or not _OWN_HOST.fullmatch(host):
        return "Rubato answers programs of this machine only: ask it as 127.0.0.1 or localhost."
    if origin is not None and origin.lower() != f"http://{host.lower()}":
        return "Rubato does not answer web pages: a page must not be able to use the person's engine."
    return ""
