"""What of an item the model is shown: all of a document, or the columns of a row that were chosen."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.kinds.item_input import ItemInput, Row, text_of
from app.core.kinds.kind import ItemFailed, Material
from app.errors import ErrorKind, KnownError


def check_columns(columns: Sequence[str], material: Material) -> None:
    """Raises KnownError for a column that is in none of the tables."""
    if material.columns is None:
        return
    missing = [column for column in columns if column not in material.columns]
    if missing:
        raise KnownError(
            ErrorKind.BAD_REQUEST,
            f"There is no column “{missing[0]}”. Choose from: {', '.join(material.columns)}.",
        )


def chosen_text(input: ItemInput, columns: Sequence[str]) -> str:
    """One column as it is, several with their names; none chosen: all. Raises ItemFailed where there is no text."""
    if isinstance(input, Row):
        values = {column: input.values.get(column, "") for column in columns or input.values}
        if not any(value.strip() for value in values.values()):
            raise ItemFailed("There is no text in this row.")
        if len(values) == 1:
            return "".join(values.values()).strip()
        return text_of(Row(values=values))
    text = text_of(input).strip()
    if not text:
        raise ItemFailed("There is no text in this document.")
    return text


def amount_of(material: Material) -> str:
    """For titles: "report.pdf", "12 documents"."""
    names = material.names
    return names[0] if len(names) == 1 else f"{len(names):,} documents"
