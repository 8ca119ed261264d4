"""The process that asks the hub: searches, lists of files, and the token. One answer a command, in their order.

Started by `hub.py` through `children.Child`, and ended at the end of its input. A command that takes too long is ended
by ending the process.
"""

from __future__ import annotations

import re
import threading
import traceback
from collections.abc import Callable

from app import wire
from app.children import claim_pipes
from app.downloads.messages import (
    BeginningRead,
    FilesFound,
    ForgetToken,
    FoundRepository,
    HubAnswer,
    HubCommand,
    HubRefused,
    KeepToken,
    ListFiles,
    ReadBeginning,
    RepositoriesFound,
    RepositoryFile,
    SearchHub,
    TokenForgotten,
    TokenKept,
)
from app.downloads.quantisations import grouped, is_repository
from app.errors import ErrorKind, KnownError

ANSWER_SECONDS = 20.0


def main(arguments: list[str]) -> int:
    """Answer until the input ends; returns the exit code."""
    incoming, outgoing = claim_pipes()
    decoder = wire.Decoder[HubCommand](HubCommand)
    loading = threading.Thread(target=_load)  # while the first command is on its way
    loading.start()
    for line in incoming:
        loading.join()
        outgoing.write(wire.encode(answer(decoder.decode(line))))
    return 0


def _load() -> None:
    from app.downloads import hub_library

    hub_library.start(ANSWER_SECONDS)


def answer(command: HubCommand) -> HubAnswer:
    """Every outcome is a message with the command's id."""
    try:
        match command:
            case SearchHub():
                return _search(command)
            case ListFiles():
                return _files(command)
            case ReadBeginning():
                return _beginning(command)
            case KeepToken():
                return _keep(command)
            case ForgetToken():
                return _forget(command)
    except KnownError as error:
        return HubRefused(id=command.id, kind=error.kind, sentence=error.sentence)
    except Exception as error:
        traceback.print_exc()
        sentence = f"The hub could not be asked, in a way that was not foreseen ({error!r}). Please report this."
        return HubRefused(id=command.id, kind=ErrorKind.BUG, sentence=sentence)


def _ask(question: Callable[[], HubAnswer], what: str, *, has_token: bool) -> HubAnswer:
    """What the hub answers. Raises KnownError where it does not, or answers what is none of its answers."""
    from huggingface_hub.errors import HFValidationError

    from app.downloads.endpoint import endpoint
    from app.downloads.hub_library import failure

    try:
        return question()
    except KnownError:
        raise
    except HFValidationError as error:
        raise KnownError(ErrorKind.BAD_REQUEST, f"{what}: this is no name of a repository.") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        traceback.print_exc()
        raise KnownError(
            ErrorKind.DOWNLOAD_FAILED,
            f"{what} could not be read: {endpoint()} answered with something else. Sign in to this network in a "
            "browser, and try again.",
        ) from error
    except Exception as error:
        raise failure(error, what, has_token=has_token) from error


def _search(command: SearchHub) -> HubAnswer:
    from huggingface_hub import HfApi

    from app.downloads.endpoint import endpoint
    from app.downloads.hub_library import NAME, token_of

    def question() -> HubAnswer:
        api = HfApi(endpoint=endpoint(), token=token, library_name=NAME)
        found = api.list_models(
            filter="gguf",
            search=command.text or None,
            sort="downloads",
            limit=command.limit,
            expand=["downloads", "likes", "gated", "lastModified", "gguf", "tags"],
        )
        return RepositoriesFound(
            id=command.id, repositories=tuple(_repository(info) for info in found if is_repository(info.id))
        )

    token = token_of(command.token_name)
    return _ask(question, "The list of models", has_token=bool(token))


def _repository(info: object) -> FoundRepository:
    from huggingface_hub.hf_api import ModelInfo

    assert isinstance(info, ModelInfo)
    gguf = info.gguf or {}
    licence = next((tag.removeprefix("license:") for tag in info.tags or () if tag.startswith("license:")), "")
    return FoundRepository(
        repository=info.id,
        downloads=_count(info.downloads),
        likes=_count(info.likes),
        is_gated=bool(info.gated),
        updated_seconds=info.last_modified.timestamp() if info.last_modified else 0.0,
        n_parameters=_count(gguf.get("total")),
        context_tokens=_count(gguf.get("context_length")),
        architecture=str(gguf.get("architecture") or ""),
        licence=licence,
    )


def _files(command: ListFiles) -> HubAnswer:
    from huggingface_hub import HfApi

    from app.downloads.endpoint import endpoint
    from app.downloads.hub_library import NAME, token_of

    def question() -> HubAnswer:
        api = HfApi(endpoint=endpoint(), token=token, library_name=NAME)
        info = api.model_info(command.repository, files_metadata=True, timeout=ANSWER_SECONDS)
        if not re.fullmatch(r"[0-9a-f]{40}", info.sha or ""):
            raise ValueError(f"{info.sha!r} is no commit")
        files = [
            RepositoryFile(
                path=sibling.rfilename,
                size_bytes=_count(sibling.lfs.size if sibling.lfs else sibling.size),
                sha256=_sha256(sibling.lfs.sha256) if sibling.lfs else "",
            )
            for sibling in info.siblings or ()
            if sibling.rfilename.lower().endswith(".gguf")
        ]
        groups = grouped(command.repository, info.sha or "", [file for file in files if file.size_bytes])
        return FilesFound(id=command.id, groups=tuple(groups))

    if not is_repository(command.repository):
        raise KnownError(
            ErrorKind.BAD_REQUEST, f"“{command.repository}” is no repository. Name it as OWNER/NAME, as the hub does."
        )
    token = token_of(command.token_name)
    answered = _ask(question, command.repository, has_token=bool(token))
    if isinstance(answered, FilesFound) and not answered.groups:
        raise KnownError(
            ErrorKind.BAD_REQUEST,
            f"{command.repository} has no model in the GGUF format. Search for the name of the model and “GGUF”.",
        )
    return answered


def _beginning(command: ReadBeginning) -> HubAnswer:
    from huggingface_hub.utils._http import get_session, hf_raise_for_status

    from app.downloads.hub_library import file_url, headers

    def question() -> HubAnswer:
        url = file_url(command.repository, command.path, command.revision)
        wanted = {**sent, "Range": f"bytes=0-{command.n_bytes - 1}"}
        data = bytearray()
        with get_session().stream("GET", url, headers=wanted) as response:
            if response.is_error:
                response.read()
            hf_raise_for_status(response)
            for piece in response.iter_raw():  # a hub that knows no ranges sends it all
                data += piece[: command.n_bytes - len(data)]
                if len(data) == command.n_bytes:
                    break
        return BeginningRead(id=command.id, data=bytes(data))

    sent = headers(command.token_name)
    return _ask(question, command.path.rpartition("/")[2], has_token="authorization" in sent)


def _keep(command: KeepToken) -> HubAnswer:
    from huggingface_hub import login, whoami
    from huggingface_hub.errors import HfHubHTTPError

    from app.downloads.endpoint import endpoint, is_private

    token = command.token.strip()

    def question() -> HubAnswer:
        said = whoami(token)
        login(token, skip_if_logged_in=False)
        name = (said.get("auth") or {}).get("accessToken", {}).get("displayName") or f"oauth-{said['name']}"
        return TokenKept(id=command.id, token_name=str(name), account=str(said["name"]))

    if not re.fullmatch(r"[!-~]+", token):
        raise KnownError(ErrorKind.BAD_REQUEST, "This is no token. Copy it anew from the hub, and paste it whole.")
    if not is_private(endpoint()):
        raise KnownError(
            ErrorKind.DOWNLOAD_FAILED,
            f"The token was not sent to {endpoint()}, which does not encrypt. Use an address that begins with https.",
        )
    try:
        return _ask(question, "The token", has_token=True)
    except KnownError as error:
        if isinstance(error.__cause__, HfHubHTTPError) and error.__cause__.response.status_code in (401, 403):
            raise KnownError(
                ErrorKind.BAD_REQUEST,
                f"{endpoint()} does not take this token. Make a new one there, with the right to read, and paste it "
                "whole.",
            ) from error
        raise


def _forget(command: ForgetToken) -> HubAnswer:
    from huggingface_hub._login import _logout_from_token  # `logout` would have git forget the hub too

    _logout_from_token(command.token_name)
    return TokenForgotten(id=command.id)


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 60 else 0


def _sha256(value: object) -> str:
    return value if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) else ""
