"""What the XML of Word and PowerPoint has in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # says again what stands before it


def outermost(root: Any, names: Sequence[str]) -> Iterator[Any]:
    """Elements of these names (with their namespaces) below `root`, in order, without those inside others of them."""
    stack = list(reversed(root))
    while stack:
        element = stack.pop()
        if element.tag in names:
            yield element
        elif element.tag != FALLBACK:
            stack.extend(reversed(element))
