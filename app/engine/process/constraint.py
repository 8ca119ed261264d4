"""What a request asks of the form of its reply: a grammar, or a JSON schema."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from app.engine.messages import GenerateRequest
from app.engine.process import gbnf, json_schema, lark
from app.engine.process.matcher import Matcher, Vocabulary
from app.errors import ErrorKind, KnownError


def matcher_of(request: GenerateRequest, vocabulary: Callable[[], Vocabulary]) -> Matcher | None:
    """None: anything goes. Raises KnownError for what can't be read or followed, or was not followed so far."""
    if not request.grammar and not request.json_schema:
        return None
    if request.grammar and request.json_schema:
        raise KnownError(ErrorKind.BAD_REQUEST, "A reply follows a grammar or a JSON schema, not both.")
    matcher = vocabulary().matcher(_lark(request.grammar, request.json_schema))
    if not matcher.read(request.begun_reply):
        raise KnownError(
            ErrorKind.BAD_REQUEST, "The reply that is to be continued does not follow the grammar; begin a new one."
        )
    return matcher


@lru_cache(maxsize=8)  # the requests of a job have the same one
def _lark(grammar: str, schema: str) -> str:
    try:
        return lark.lark_of(gbnf.parse(grammar)) if grammar else json_schema.lark_of(schema)
    except RecursionError as error:  # thousands of things within each other
        raise lark.too_large() from error
