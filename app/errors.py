"""Errors in two families: what a person can act on (KnownError), and bugs (everything else).

A KnownError carries its kind (for code) and one sentence (for people) that says what to do. It crosses process
boundaries as those two fields and is the same class on both sides. Cancelling is neither: it is a FinishReason.
"""

from __future__ import annotations

from enum import Enum


class ErrorKind(Enum):
    """Why something a person asked for could not be done; code decides by this, never by the sentence."""

    PROMPT_TOO_LONG = "prompt_too_long"
    NO_MODEL = "no_model"
    MODEL_UNREADABLE = "model_unreadable"
    OUT_OF_MEMORY = "out_of_memory"
    ENGINE_CRASHED = "engine_crashed"
    DOCUMENT_UNREADABLE = "document_unreadable"
    READER_CRASHED = "reader_crashed"  # the process that read a document ended early
    DOWNLOAD_FAILED = "download_failed"
    DISK_FULL = "disk_full"
    PROFILE_READ_ONLY = "profile_read_only"
    PROFILE_IN_USE = "profile_in_use"
    BAD_REQUEST = "bad_request"
    BUG = "bug"


class KnownError(Exception):
    """Something expected went wrong. `str(error)` is one sentence that says what to do.

    It can be stored, sent and shown: the name of a file in it need not be text, and is then written with escapes.
    """

    def __init__(self, kind: ErrorKind, sentence: str) -> None:
        sentence = sentence.encode("utf-8", "backslashreplace").decode("utf-8")
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence


def from_os_error(error: OSError, doing: str) -> KnownError:
    """The sentence for a failed write to the profile. `doing` completes "Rubato could not ..."."""
    import errno

    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return KnownError(
            ErrorKind.DISK_FULL, f"Rubato could not {doing}: the disk is full{where}. Free some space and try again."
        )
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return KnownError(
            ErrorKind.PROFILE_READ_ONLY,
            f"Rubato could not {doing}: the folder is not writable{where}. "
            "Change its permissions, or choose another one with --profile.",
        )
    return KnownError(
        ErrorKind.PROFILE_READ_ONLY,
        f"Rubato could not {doing}: {error.strerror or error}{where}. Check that this place is there and can be "
        "written, then try again.",
    )
