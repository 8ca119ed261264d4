"""What a request asks of the form of its reply: a grammar, or a JSON schema."""

from __future__ import annotations

from functools import lru_cache

from app.engine.messages import GenerateRequest
from app.engine.process import gbnf, json_schema
from app.engine.process.grammar import Grammar, Matcher, too_large
from app.errors import ErrorKind, KnownError


def matcher_of(request: GenerateRequest) -> Matcher | None:
    """None: anything goes. Raises KnownError for what can't be read or followed, or was not followed so far."""
    if not request.grammar and not request.json_schema:
        return None
    if request.grammar and request.json_schema:
        raise KnownError(ErrorKind.BAD_REQUEST, "A reply follows a grammar or a JSON schema, not both.")
    matcher = Matcher(_grammar(request.grammar, request.json_schema))
    matcher.begin_token()
    if not matcher.accept(request.begun_reply.encode("utf-8", "replace")):
        raise KnownError(
            ErrorKind.BAD_REQUEST, "The reply that is to be continued does not follow the grammar; begin a new one."
        )
    return matcher


@lru_cache(maxsize=8)  # the requests of a job have the same one
def _grammar(grammar: str, schema: str) -> Grammar:
    try:
        return Grammar(gbnf.parse(grammar) if grammar else json_schema.rules_of(schema))
    except RecursionError as error:  # thousands of things within each other
        raise too_large() from error
