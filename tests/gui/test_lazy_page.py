"""A page of which only what is near the view is made is seen as the whole would be, and what is read stays in place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.core.chat_views import MessageView, Role
from app.gui.lazy_page import LazyPage
from app.gui.theme import Theme
from app.gui.transcript.reply import Reply
from app.gui.transcript.view import Transcript
from tests.gui.scripted_core import message

VIEW = QSize(600, 300)


class Item(QWidget):
    """As high as `heights` says."""

    def __init__(self, key: str, heights: dict[str, int]) -> None:
        super().__init__()
        self.key, self.heights = key, heights

    def sizeHint(self) -> QSize:
        return QSize(100, self.heights[self.key])


@dataclass
class Shown:
    """A page over items of known heights."""

    heights: dict[str, int] = field(default_factory=dict)
    page: LazyPage = field(init=False)

    def __post_init__(self) -> None:
        self.page = LazyPage(
            "Page",
            4,
            make=lambda key: Item(key, self.heights),
            guess=lambda key, width: 50,
            is_held=lambda widget: False,
        )
        self.page.resize(VIEW)
        self.page.show()

    def settle(self) -> None:
        """Until nothing is left to be built or taken away."""
        QApplication.processEvents()
        while self.page._filling.isActive():
            QApplication.processEvents()

    def in_view(self) -> list[tuple[str, int]]:
        """What is seen, with where its top is."""
        found = [
            (key, widget.y())
            for key, widget in self.page.built_widgets().items()
            if widget.y() < self.page.viewport().height() and widget.y() + widget.height() > 0
        ]
        return sorted(found, key=lambda item: item[1])


class Pages(RuleBasedStateMachine):
    """Items come, go and grow, and somebody scrolls."""

    @initialize(n=st.integers(0, 60))
    def begin(self, n: int) -> None:
        self.n_made = 0
        self.shown = Shown()
        self.keys: list[str] = []
        self.append(n)

    @rule(n=st.integers(1, 20), height=st.integers(5, 900))
    def append(self, n: int, height: int = 80) -> None:
        for _ in range(n):
            self.n_made += 1
            self.keys.append(f"i{self.n_made}")
            self.shown.heights[self.keys[-1]] = height
        self.shown.page.set_items(self.keys)
        self.shown.settle()

    @precondition(lambda self: self.keys)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        self.keys.remove(data.draw(st.sampled_from(self.keys)))
        self.shown.page.set_items(self.keys)
        self.shown.settle()

    @rule(share=st.floats(0, 1))
    def scroll(self, share: float) -> None:
        bar = self.shown.page.verticalScrollBar()
        bar.setValue(int(bar.maximum() * share))
        self.shown.settle()

    @precondition(lambda self: self.keys)
    @rule(data=st.data())
    def go_to(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(self.keys))
        self.shown.page.go_to(key)
        self.shown.settle()
        bar = self.shown.page.verticalScrollBar()
        assert dict(self.shown.in_view())[key] == 0 or bar.value() == bar.maximum()

    @rule()
    def go_to_end(self) -> None:
        self.shown.page.go_to_end()
        self.shown.settle()

    @precondition(lambda self: self.keys)
    @rule(data=st.data(), height=st.integers(5, 900))
    def grow(self, data: st.DataObject, height: int) -> None:
        """What is built and above what is read, below it, or it: the first in view stays where it is."""
        page, bar = self.shown.page, self.shown.page.verticalScrollBar()
        before = self.shown.in_view()
        is_where_it_was_asked_for = bar.value() < bar.maximum()  # at the end a wish may come true when there is more
        key = data.draw(st.sampled_from(self.keys))
        self.shown.heights[key] = height
        if (widget := page.widget_of(key)) is not None:
            widget.updateGeometry()
        self.shown.settle()
        is_free = not page.follows and is_where_it_was_asked_for and 0 < bar.value() < bar.maximum()
        if is_free and before and key != before[0][0]:
            assert self.shown.in_view()[0] == before[0]

    @invariant()
    def what_is_seen_is_what_the_whole_would_show(self) -> None:
        page, built = self.shown.page, self.shown.page.built_widgets()
        assert list(page.keys) == self.keys
        assert [key for key in self.keys if key in built] == list(built)
        assert all(widget.height() == self.shown.heights[key] for key, widget in built.items())
        seen = self.shown.in_view()
        places = [self.keys.index(key) for key, _ in seen]
        assert places == list(range(places[0], places[0] + len(places))) if places else not self.keys
        for (key, top), (_, below) in pairwise(seen):
            assert below == top + self.shown.heights[key] + 4
        bar, view = page.verticalScrollBar(), page.viewport().height()
        if seen and seen[-1][0] != self.keys[-1]:  # below the last one there is the page's own margin
            assert seen[-1][1] + self.shown.heights[seen[-1][0]] >= view - 4
        if page.follows:
            assert bar.value() >= bar.maximum() - 24

    def teardown(self) -> None:
        if hasattr(self, "shown"):
            self.shown.page.deleteLater()
            QApplication.processEvents()


@pytest.mark.usefixtures("qtbot")
def test_whatever_happens_to_items_the_view_shows_them_in_order_and_stays_where_it_is() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Pages,
        settings=settings(
            max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_of_many_items_few_are_widgets_also_after_scrolling_through_all(qtbot: QtBot) -> None:
    shown = Shown()
    qtbot.addWidget(shown.page)
    keys = [f"i{n}" for n in range(2_000)]
    shown.heights.update(dict.fromkeys(keys, 80))
    shown.page.set_items(keys)
    shown.settle()
    bar = shown.page.verticalScrollBar()
    for place in range(21):
        bar.setValue(bar.maximum() * place // 20)
        shown.settle()
        assert 0 < len(shown.page.built_widgets()) < 60


def texts(transcript: Transcript) -> list[str]:
    found = []
    for view in transcript.messages:
        widget = transcript.widget_of(view.id)
        assert widget is not None
        found.append(widget.text.toPlainText() if isinstance(widget, Reply) else widget.message.text)
    return found


def test_replies_that_are_not_built_grow_and_end_too(theme: Theme, qtbot: QtBot) -> None:
    transcript = Transcript(theme)
    qtbot.addWidget(transcript)
    transcript.resize(VIEW)
    transcript.show()
    chat: list[MessageView] = [
        message(f"m{n}", f"text {n}", role=Role.ASSISTANT if n % 2 else Role.USER) for n in range(80)
    ]
    transcript.show_chat(chat)
    assert transcript._page.widget_of("m1") is None
    transcript.grow("m1", " and more")
    transcript.end(replace(chat[3], text="ended"))
    chat[1], chat[3] = replace(chat[1], text="text 1 and more"), replace(chat[3], text="ended")
    assert texts(transcript) == [view.text for view in chat]
    changed = [replace(view, text=f"{view.text}!") if view.id == "m5" else view for view in chat if view.id != "m7"]
    transcript.replace(changed)
    assert texts(transcript) == [view.text for view in changed]
