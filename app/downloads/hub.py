"""The source kind "hub": a file of a repository on the Hugging Face hub. Runs in the download process.

The bytes are fetched by huggingface_hub's own `http_get`; it checks no checksum and keeps nothing of an interrupted
download, so CheckedFile checks, and a download that breaks off begins anew (going on where it stopped comes later).
No account: the saved token is never sent.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, cast

from app import __version__
from app.downloads.catalogue import HubSource
from app.downloads.checked_file import CheckedFile
from app.downloads.messages import Stage
from app.downloads.progress import Progress
from app.errors import ErrorKind, KnownError

_PIECE_BYTES = 1 << 20  # its own is ten times that: seconds without a sign of life on a slow line
_SETTINGS = ("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_UPDATE_CHECK", "HF_HUB_DISABLE_PROGRESS_BARS")


def fetch(source: HubSource, file: CheckedFile, scratch: Path, progress: Progress) -> None:
    """Download it. Raises KnownError."""
    os.environ.update(dict.fromkeys(_SETTINGS, "1"))  # read when the library is imported, which takes half a second
    import httpx2
    from huggingface_hub import constants, hf_hub_url
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils._headers import build_hf_headers

    constants.DOWNLOAD_CHUNK_SIZE = _PIECE_BYTES
    headers = build_hf_headers(token=False, library_name="rubato", library_version=__version__)
    progress.begin(Stage.DOWNLOADING, file.size_bytes)
    try:
        url = hf_hub_url(source.repository, source.file, revision=source.revision)
        http_get(url, cast(BinaryIO, file), headers=headers, expected_size=file.size_bytes)
    except GatedRepoError as error:
        advice = "is given only to people who agreed to its terms. Fetch it in a browser, then use --model FILE"
        raise _failure(source, advice) from error
    except (RepositoryNotFoundError, RevisionNotFoundError, EntryNotFoundError) as error:
        raise _failure(source, "is not on the hub any more. Choose another model") from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        raise _failure(source, f"was refused by the hub (status {status}). Try again later") from error
    except OfflineModeIsEnabled as error:
        raise _failure(source, "was not fetched because HF_HUB_OFFLINE is set. Unset it and try again") from error
    except httpx2.HTTPError as error:
        advice = f"could not be fetched ({type(error).__name__}). Check the network connection and try again"
        raise _failure(source, advice) from error
    except OSError as error:
        if error.errno is not None:  # the disk's
            raise
        raise _failure(source, "came with another size than it should have. Try again later") from error


def _failure(source: HubSource, what: str) -> KnownError:
    return KnownError(ErrorKind.DOWNLOAD_FAILED, f"{source.file} of {source.repository} {what}.")
