"""What is usual in a PDF: its type sizes, its leading, the edges of its columns. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.ingest.readers.pdf_lines import Line

_ENOUGH_LINES = 5  # to tell how wide the text of a page is


@dataclass(frozen=True)
class Measures:
    """What is usual in this document. Sizes in points; leading is the distance of baselines in sizes."""

    body_size: float
    body_is_bold: bool
    body_is_fixed: bool
    leading: float
    right_edges: dict[tuple[int, int], float]  # (page, left edge of lines) -> their right edge
    page_edges: dict[int, float]

    def right_edge(self, line: Line) -> float:
        """Where lines end that begin where this one begins."""
        return self.right_edges.get((line.page, round(line.left)), self.page_edges[line.page])


def measure(lines: Sequence[Line]) -> Measures:
    """The measures of a document, from all its lines (at least one)."""
    sizes: Counter[float] = Counter()
    bold: Counter[bool] = Counter()
    fixed: Counter[bool] = Counter()
    edges: dict[tuple[int, int], list[float]] = defaultdict(list)
    page_edges: dict[int, list[float]] = defaultdict(list)
    for line in lines:
        sizes[line.size] += len(line.text)
        bold[line.is_bold] += len(line.text)
        fixed[line.is_fixed] += len(line.text)
        edges[line.page, round(line.left)].append(line.right)
        page_edges[line.page].append(line.right)
    leadings = Counter(
        round((before.baseline - line.baseline) / line.size, 1)
        for before, line in pairwise(lines)
        if before.page == line.page
        and before.size == line.size
        and 0.9 < (before.baseline - line.baseline) / line.size < 3
    )
    usual_edge = _usual_edge([line.right for line in lines])
    return Measures(
        body_size=sizes.most_common(1)[0][0],
        body_is_bold=bold[True] > bold[False],
        body_is_fixed=fixed[True] > fixed[False],
        leading=leadings.most_common(1)[0][0] if leadings else 1.2,
        right_edges={place: _usual_edge(rights) for place, rights in edges.items() if len(rights) >= 3},
        page_edges={
            page: _usual_edge(rights) if len(rights) >= _ENOUGH_LINES else max(*rights, usual_edge)
            for page, rights in page_edges.items()
        },
    )


def _usual_edge(rights: Sequence[float]) -> float:
    """The farthest place where several lines end; a single line that sticks out is a table or a formula."""
    descending = sorted(rights, reverse=True)
    for right, third in zip(descending, descending[2:], strict=False):
        if right - third < 4:
            return right
    return descending[0]
