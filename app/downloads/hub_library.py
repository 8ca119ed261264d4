"""huggingface_hub, imported as this program wants it, and its failures as sentences.

Importing it takes half a second and fixes what the environment says of it (HF_ENDPOINT, HF_HUB_OFFLINE, HF_HOME): so
only child processes do. Their log is the place for the whole of an error.
"""

from __future__ import annotations

import os
import sys

os.environ.update(
    dict.fromkeys(("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_UPDATE_CHECK", "HF_HUB_DISABLE_PROGRESS_BARS"), "1")
)

import httpx2
from huggingface_hub import hf_hub_url, set_client_factory
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils._auth import get_stored_tokens
from huggingface_hub.utils._headers import build_hf_headers
from huggingface_hub.utils._http import get_session, hf_request_event_hook

from app import __version__
from app.downloads.endpoint import endpoint, is_private
from app.errors import ErrorKind, KnownError

NAME = "rubato"
CONNECT_SECONDS = 15.0
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
REFUSALS = (httpx2.HTTPError, httpx2.InvalidURL, OfflineModeIsEnabled)
"""What `failure` has a sentence for, besides an answer with an error in it."""


def start(stall_seconds: float) -> httpx2.Client:
    """The client that huggingface_hub uses from now on: proxies and certificates are the system's."""
    timeout = httpx2.Timeout(stall_seconds, connect=min(CONNECT_SECONDS, stall_seconds))
    set_client_factory(
        lambda: httpx2.Client(event_hooks={"request": [hf_request_event_hook]}, follow_redirects=True, timeout=timeout)
    )
    return get_session()


def token_of(name: str) -> str | bool:
    """The token of this name in huggingface_hub's store; False: none is sent, whatever else the store has.

    Raises KnownError where it would be sent in the clear.
    """
    if not name:
        return False
    if not is_private(endpoint()):
        raise KnownError(
            ErrorKind.DOWNLOAD_FAILED,
            f"The token was not sent to {endpoint()}, which does not encrypt. Use an address that begins with https.",
        )
    return get_stored_tokens().get(name) or False


def headers(token_name: str) -> dict[str, str]:
    """For a request to the hub itself. httpx2 leaves the token out where the hub sends us to another host."""
    made = build_hf_headers(token=token_of(token_name), library_name=NAME, library_version=__version__)
    return {**made, "Accept-Encoding": "identity"}


def file_url(repository: str, path: str, revision: str) -> str:
    return hf_hub_url(repository, path, revision=revision, endpoint=endpoint())


def failure(error: Exception, what: str, *, has_token: bool) -> KnownError:
    """One sentence about `what`. Anything that is not the hub's or the network's is raised again as it is."""
    print(f"{what}: {error!r}", file=sys.stderr)
    hub = endpoint()
    match error:
        case GatedRepoError() if not has_token:
            said = (
                f"{what} is given only to people who agreed to its terms. Agree to them on its page, and give Rubato a "
                "token of yours."
            )
        case GatedRepoError():
            said = (
                f"{what} is given only to people who agreed to its terms. Agree to them on its page with your account."
            )
        case RepositoryNotFoundError() if not has_token:
            said = (
                f"{what} is not at {hub}, or only for people with a token. Check its name, or give Rubato a token of "
                "yours."
            )
        case RepositoryNotFoundError() | RevisionNotFoundError() | EntryNotFoundError():
            said = f"{what} is not at {hub} any more. Choose another one."
        case HfHubHTTPError() if error.response.status_code in (401, 403) and has_token:
            said = f"{what} was refused: {hub} does not take your token. Make a new one there, and give it to Rubato."
        case HfHubHTTPError() if error.response.status_code == 429:
            said = f"{what} was refused: {hub} was asked too often. Wait some minutes, and try again."
        case HfHubHTTPError():
            said = f"{what} was refused by {hub} (status {error.response.status_code}). Try again later."
        case OfflineModeIsEnabled():  # which is an OSError, but none of the disk
            said = f"{what} was not fetched because HF_HUB_OFFLINE is set. Unset it and try again."
        case httpx2.TooManyRedirects() | httpx2.UnsupportedProtocol() | httpx2.InvalidURL():
            said = f"{what} could not be fetched: {hub} sends us to an address that leads nowhere. Try again later."
        case httpx2.TimeoutException():
            said = f"{what} could not be fetched: {hub} did not answer in time. Check the network, and try again."
        case httpx2.ConnectError():
            said = f"{what} could not be fetched: there is no connection to {hub}. Check the network, and try again."
        case httpx2.HTTPError():
            said = f"{what} could not be fetched ({type(error).__name__}). Check the network connection and try again."
        case _:
            raise error
    return KnownError(ErrorKind.DOWNLOAD_FAILED, said)
