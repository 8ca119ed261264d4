"""Results in files: whole, once each, in order at the end; a place that can't be written stops nothing."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core import job_options
from app.core.events import Event, NoticeShown
from app.core.job_options import JobOptions, OutputFormat
from app.core.kinds import KINDS, item_input
from app.core.kinds.item_input import Call, Group, ItemInput, Piece, Row
from app.core.kinds.kind import Answer, Finished, JobKind, Material
from app.core.kinds.summarize import SummarizeParams
from app.core.output_files import add
from app.core.outputs import Outputs
from app.engine.messages import GenerateRequest
from app.errors import KnownError
from app.store.database import Database
from app.store.items import Items
from app.store.jobs import Jobs


class Nothing(msgspec.Struct):
    """Parameters of the kinds below."""


class Echo(JobKind):
    """Writes text."""

    name: ClassVar[str] = "echo"
    params_type: ClassVar[type[msgspec.Struct]] = Nothing

    def check(self, params: Any, material: Material) -> None: ...

    def title(self, params: Any, material: Material) -> str:
        return "Echo"

    def output_tokens(self, params: Any) -> int:
        return 0

    def requests(self, params: Any, input: ItemInput) -> tuple[GenerateRequest, ...]:
        return ()

    def output(self, params: Any, input: ItemInput, answers: Sequence[Answer]) -> str:
        return ""

    def cells(self, params: Any, item: Finished) -> dict[str, str]:
        return {"result": item.output}


class Facts(Echo):
    """Writes JSON."""

    name: ClassVar[str] = "facts"

    def cells(self, params: Any, item: Finished) -> dict[str, str]:
        found = json.loads(item.output) if item.is_done else {}
        return {name: str(found.get(name, "")) for name in ("label", "amount")}


@pytest.fixture(autouse=True, scope="module")
def kinds() -> Iterator[None]:
    KINDS.update(echo=Echo(), facts=Facts())
    yield
    del KINDS["echo"], KINDS["facts"]


class Desk:
    """A database with one job in it, and its outputs."""

    def __init__(self, folder: Path, slice_size: int) -> None:
        self.folder = folder
        self._database = Database(folder / "rubato.sqlite3", folder / "backups")
        self.jobs, self.items = Jobs(self._database), Items(self._database, "this run")
        self.notices: list[str] = []
        self.outputs = Outputs(self.jobs, self.items, self._hear, slice_size=slice_size)

    def _hear(self, event: Event) -> None:
        if isinstance(event, NoticeShown):
            self.notices.append(event.sentence)

    def job(self, path: Path, format: OutputFormat, kind: str = "echo", names: Sequence[str] = ("a.txt",)) -> None:
        self.jobs.add(
            id="job-1",
            kind=kind,
            title="A job",
            params=msgspec.json.encode(SummarizeParams() if kind == "summarize" else Nothing()).decode(),
            options=job_options.encode(JobOptions(output_path=str(path), output_format=format)),
            model="",
            sources=[(name, name) for name in names],
            now_seconds=0.0,
        )
        self.jobs.set_state("job-1", "running")

    def read(self, document: int, inputs: Sequence[ItemInput]) -> None:
        source = self.jobs.sources("job-1")[document]
        self.items.add("job-1", source.id, 0, [item_input.encode(input) for input in inputs])
        self.jobs.source_was_read(source, facts="{}", n_items=len(inputs), n_tokens=0, n_expected=len(inputs))

    def unreadable(self, document: int) -> None:
        self.jobs.set_source(self.jobs.sources("job-1")[document].id, "failed", "It is empty.")

    def end(self, position: int, output: str = "", error: str = "", *, document: int = 0, level: int = 0) -> int:
        """An item of a document, not told to the outputs."""
        source = self.jobs.sources("job-1")[document]
        while True:
            claimed = self.items.claim(["job-1"], 100)
            if not claimed:
                break
        item = self.items.level("job-1", source.id, level)[position]
        assert self.items.end(item, output=output, error=error)
        return item.id

    def say(self, position: int, output: str = "", error: str = "", *, document: int = 0, level: int = 0) -> None:
        """An item ended, as the runner has it."""
        self.outputs.ended("job-1", [self.end(position, output, error, document=document, level=level)])

    async def settle(self) -> None:
        await self.outputs.settle("job-1")

    async def close(self) -> None:
        await self.outputs.close()
        self._database.close()


def play(folder: Path, story: Callable[[Desk], Awaitable[None]], slice_size: int = 100) -> Desk:
    async def run() -> Desk:
        desk = Desk(folder, slice_size)
        try:
            await asyncio.wait_for(story(desk), 60)
        finally:
            await desk.close()
        return desk

    return asyncio.run(run())


def table(path: Path) -> list[dict[str, str]]:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "a spreadsheet takes it for UTF-8"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def rows(n: int) -> list[ItemInput]:
    return [Row(values={"title": f"Title {position}"}) for position in range(n)]


def only_files(folder: Path) -> set[str]:
    """Those in the folder that are not the database's."""
    names = {path.name for path in folder.iterdir() if not path.name.startswith("rubato.sqlite3")}
    return names - {"backups"}


def test_a_half_done_table_has_what_is_done_and_a_finished_one_the_order_of_its_rows(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"

    async def story(desk: Desk) -> None:
        desk.job(out, "csv")
        desk.outputs.begin("job-1")
        desk.read(0, rows(3))
        await desk.settle()
        desk.say(2, "third")
        await desk.settle()
        assert [row["result"] for row in table(out)] == ["third"]
        desk.say(0, "first, with “quotes” and a comma\nand a line")
        desk.say(1, error="It was too long.")
        await desk.settle()
        assert [row["part"] for row in table(out)] == ["row 3", "row 1", "row 2"]
        desk.outputs.finish("job-1")
        await desk.settle()

    desk = play(tmp_path, story)
    assert desk.notices == []
    assert only_files(tmp_path) == {"out.csv"}
    assert table(out) == [
        {
            "document": "a.txt",
            "part": f"row {n + 1}",
            "title": f"Title {n}",
            "result": ["first, with “quotes” and a comma\nand a line", "", "third"][n],
            "error": "It was too long." if n == 1 else "",
        }
        for n in range(3)
    ]


def test_tables_with_other_columns_make_the_table_wider(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"

    async def story(desk: Desk) -> None:
        desk.job(out, "csv", kind="facts", names=["a.csv", "b.csv"])
        desk.read(0, rows(1))
        desk.read(1, [Row(values={"label": "theirs", "error": "E7", "document": "D"})])
        desk.outputs.begin("job-1")
        desk.say(0, '{"label": "good", "amount": 3}')
        await desk.settle()
        desk.say(0, '{"label": "bad", "amount": 4}', document=1)
        await desk.settle()

    play(tmp_path, story)
    first, second = table(out)
    assert (first["title"], first["label"], first["label (result)"], first["amount"]) == ("Title 0", "", "good", "3")
    assert (second["label"], second["label (result)"], second["error"], second["document"]) == (
        "theirs",
        "bad",
        "E7",
        "D",
    )
    assert (first["document (result)"], second["error (result)"]) == ("a.csv", "")


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", " =A1", "\t=A1", "＝1", "- a point"]
)
def test_what_a_spreadsheet_would_execute_is_text(tmp_path: Path, text: str) -> None:
    assert cell_of(tmp_path, text) == f"'{text}"


@pytest.mark.parametrize("text", ["-3", "+4.5", "-1,234.50", "-12 %", "-1e-7", "+49 30 123456", "a=b", "1-2", ""])
def test_what_is_a_number_or_text_stays_as_it_is(tmp_path: Path, text: str) -> None:
    assert cell_of(tmp_path, text) == text


def cell_of(folder: Path, text: str) -> str:
    async def story(desk: Desk) -> None:
        desk.job(folder / "out.csv", "csv")
        desk.read(0, [Row(values={"given": text})])
        desk.say(0, "done")
        await desk.outputs.export("job-1", folder / "out.csv", "csv")

    play(folder, story)
    return table(folder / "out.csv")[0]["given"]


def test_json_lines_have_values_as_they_are_and_text_as_text(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.job(tmp_path / "facts.jsonl", "jsonl", kind="facts", names=["a.csv", "b.pdf", "c.pdf"])
        desk.read(0, rows(2))
        desk.read(1, [Piece(text="…", first_page=1, last_page=4)])
        desk.unreadable(2)
        desk.outputs.begin("job-1")
        desk.say(0, '{"label": "=good", "amount": 3}')
        desk.say(1, error="It was cut.")
        desk.say(0, '{"label": "bad", "amount": null}', document=1)
        await desk.settle()

    play(tmp_path, story)
    assert lines(tmp_path / "facts.jsonl") == [
        {"document": "a.csv", "part": "row 1", "row": {"title": "Title 0"}, "result": {"label": "=good", "amount": 3}},
        {"document": "a.csv", "part": "row 2", "row": {"title": "Title 1"}, "error": "It was cut."},
        {"document": "b.pdf", "result": {"label": "bad", "amount": None}},
        {"document": "c.pdf", "error": "It is empty."},
    ]


def test_a_document_that_can_not_be_read_is_told_where_it_stands(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"

    async def story(desk: Desk) -> None:
        desk.job(out, "jsonl", names=["a.txt", "b.txt", "c.txt", "d.txt"])
        desk.outputs.begin("job-1")
        await desk.settle()
        for document in (0, 2):
            desk.read(document, [Piece(text="…")])
        desk.unreadable(1)
        desk.say(0, "third", document=2)
        await desk.settle()
        assert [line["document"] for line in lines(out)] == ["c.txt", "b.txt"]
        desk.unreadable(3)
        desk.say(0, "first")
        await desk.settle()
        assert [line["document"] for line in lines(out)] == ["c.txt", "b.txt", "a.txt", "d.txt"]
        desk.outputs.finish("job-1")
        await desk.settle()

    play(tmp_path, story)
    assert [line["document"] for line in lines(out)] == ["a.txt", "b.txt", "c.txt", "d.txt"]


def test_a_start_of_the_program_writes_what_the_one_before_had_not(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"

    async def killed(desk: Desk) -> None:
        desk.job(out, "jsonl")
        desk.read(0, rows(4))
        desk.end(0, "never told")
        out.write_text('{"document": "a.txt", "resu')

    async def again(desk: Desk) -> None:
        desk.outputs.begin("job-1")
        await desk.settle()
        assert [line["result"] for line in lines(out)] == ["never told"]

    play(tmp_path, killed)
    play(tmp_path, again)


def test_a_job_whose_end_was_not_written_is_written_at_the_next_start_and_only_then(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"

    async def killed(desk: Desk) -> None:
        desk.job(out, "jsonl")
        desk.read(0, rows(2))
        desk.outputs.begin("job-1")
        desk.say(1, "two")
        await desk.settle()
        desk.end(0, "one")
        desk.jobs.set_state("job-1", "done")

    async def again(desk: Desk) -> None:
        desk.outputs.recover("job-1")
        await desk.settle()

    play(tmp_path, killed)
    assert [line["result"] for line in lines(out)] == ["two"]
    play(tmp_path, again)
    assert [line["result"] for line in lines(out)] == ["one", "two"]
    out.unlink()
    play(tmp_path, again)
    assert not out.exists()


def test_what_is_finished_while_it_can_not_be_written_is_tried_once_more(tmp_path: Path) -> None:
    out = tmp_path / "gone" / "out.jsonl"

    async def story(desk: Desk) -> None:
        desk.job(out, "jsonl")
        desk.read(0, rows(1))
        desk.outputs.begin("job-1")
        await asyncio.sleep(0)
        desk.say(0, "one")
        desk.outputs.finish("job-1")
        await desk.settle()

    (sentence,) = play(tmp_path, story).notices
    assert "export them" in sentence


def test_a_file_that_somebody_took_away_is_written_again(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"

    async def story(desk: Desk) -> None:
        desk.job(out, "jsonl")
        desk.read(0, rows(2))
        desk.outputs.begin("job-1")
        desk.say(0, "one")
        await desk.settle()
        out.unlink()
        desk.say(1, "two")
        await desk.settle()

    assert play(tmp_path, story).notices == []
    assert [line["result"] for line in lines(out)] == ["one", "two"]


def test_a_place_that_is_not_there_is_told_once_and_tried_again_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "stick" / "out.jsonl"

    async def story(desk: Desk) -> None:
        desk.job(out, "jsonl")
        desk.read(0, rows(3))
        desk.outputs.begin("job-1")
        for position in range(3):
            desk.say(position, f"result {position}")
            await desk.settle()
        (sentence,) = desk.notices
        assert str(out) in sentence
        assert "once the job is over" in sentence
        out.parent.mkdir()
        desk.outputs.finish("job-1")
        await desk.settle()
        assert len(desk.notices) == 1

    play(tmp_path, story)
    assert [line["result"] for line in lines(out)] == ["result 0", "result 1", "result 2"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
def test_a_disk_that_fills_up_leaves_whole_lines_and_the_rest_to_the_end(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"

    async def story(desk: Desk) -> None:
        desk.job(out, "jsonl")
        desk.read(0, rows(3))
        desk.outputs.begin("job-1")
        desk.say(0, "one")
        await desk.settle()
        kept = out.read_bytes()
        out.unlink()
        out.symlink_to("/dev/full")
        desk.say(1, "two")
        desk.say(2, "three")
        await desk.settle()
        (sentence,) = desk.notices
        assert "No space left" in sentence
        out.unlink()
        out.write_bytes(kept)
        desk.outputs.finish("job-1")
        await desk.settle()

    play(tmp_path, story)
    assert [line["result"] for line in lines(out)] == ["one", "two", "three"]


def test_a_place_that_can_not_be_written_at_the_end_says_what_to_do(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.job(tmp_path / "gone" / "out.csv", "csv")
        desk.read(0, rows(1))
        desk.say(0, "one")
        desk.outputs.finish("job-1")
        await desk.settle()
        with pytest.raises(KnownError, match="Choose another place"):
            await desk.outputs.export("job-1", tmp_path / "gone" / "too.csv", "csv")

    (sentence,) = play(tmp_path, story).notices
    assert "export them to another place" in sentence
    assert only_files(tmp_path) == set()


def test_a_job_without_a_file_writes_none(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.job(Path(), "csv")
        desk.jobs.update("job-1", options="{}")
        desk.read(0, rows(1))
        desk.outputs.begin("job-1")
        desk.say(0, "one")
        desk.outputs.finish("job-1")
        await desk.settle()

    assert play(tmp_path, story).notices == []
    assert only_files(tmp_path) == set()


def test_an_export_of_a_job_that_was_removed_meanwhile_leaves_nothing(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.job(tmp_path / "out.csv", "csv")
        desk.read(0, rows(1))
        desk.say(0, "one")
        (tmp_path / "out.csv").write_text("of another time")
        desk.outputs.begin("job-1")
        await asyncio.sleep(0)
        desk.jobs.remove("job-1")
        await desk.settle()

    assert play(tmp_path, story).notices == []
    assert (tmp_path / "out.csv").read_text() == "of another time"
    assert only_files(tmp_path) == {"out.csv"}


def summarised(desk: Desk, document: int, n_pieces: int) -> None:
    """All pieces but the last item of a document."""
    pieces = [Piece(text=f"Text {n}.", first_page=n + 1, last_page=n + 1) for n in range(n_pieces)]
    desk.read(document, pieces)
    source = desk.jobs.sources("job-1")[document]
    desk.items.add(
        "job-1",
        source.id,
        1,
        [item_input.encode(Group(text="…", sources=tuple(range(n_pieces)), is_overview=True))],
    )
    for position in range(n_pieces):
        desk.say(position, f"Note {position}.", document=document)


def conclude(desk: Desk, document: int) -> None:
    source = desk.jobs.sources("job-1")[document]
    id = desk.end(0, f"Overview of {source.name}.", document=document, level=1)
    desk.jobs.set_source(source.id, "done")
    desk.outputs.ended("job-1", [id])


def test_a_summary_is_written_when_its_document_is_through(tmp_path: Path) -> None:
    out = tmp_path / "out.md"

    async def story(desk: Desk) -> None:
        desk.job(out, "markdown", kind="summarize", names=["a.pdf", "b.pdf", "broken.pdf"])
        desk.unreadable(2)
        desk.outputs.begin("job-1")
        summarised(desk, 0, 2)
        summarised(desk, 1, 2)
        await desk.settle()
        assert "Overview" not in out.read_text()
        conclude(desk, 1)
        await desk.settle()
        assert out.read_text().count("# Summary of") == 1
        conclude(desk, 0)
        await desk.settle()
        desk.outputs.finish("job-1")
        await desk.settle()
        await desk.outputs.export("job-1", tmp_path / "out.csv", "csv")

    play(tmp_path, story)
    text = out.read_text(encoding="utf-8")
    assert text.startswith("# Summary of a.pdf\n")
    assert "Overview of a.pdf. (pages 1–2)" in text
    assert text.index("# Summary of b.pdf") < text.index("## broken.pdf\n\nFailed: It is empty.")
    assert [row["document"] for row in table(tmp_path / "out.csv")] == ["a.pdf", "b.pdf", "broken.pdf"]
    assert table(tmp_path / "out.csv")[0]["summary"].startswith("Overview of a.pdf.")


def test_a_folder_gets_a_file_a_document_of_any_name(tmp_path: Path) -> None:
    out = tmp_path / "results"
    names = ["notes/a.txt", "notes-a.txt", 'b<>:"|?*.txt', "…" * 100, ".."]

    async def story(desk: Desk) -> None:
        desk.job(out, "markdown_each", names=names)
        desk.outputs.begin("job-1")
        for document in range(len(names)):
            desk.read(document, rows(2))
        desk.say(1, "of the twin", document=1)
        await desk.settle()
        for document in range(len(names)):
            desk.say(0, f"one of {document}", document=document)
        await desk.settle()
        assert "row 2\n\nof the twin" in out.joinpath("notes-a.txt (2).md").read_text()
        desk.outputs.finish("job-1")
        await desk.settle()

    assert play(tmp_path, story).notices == []
    assert out.joinpath("notes-a.txt.md").read_text() == "## notes/a.txt, row 1\n\none of 0\n\n"
    assert out.joinpath("notes-a.txt (2).md").read_text().index("one of 1") < 30
    assert len(list(out.iterdir())) == len(names)
    assert out.joinpath("document.md").exists()


def test_a_batch_has_answers_in_one_file_and_errors_in_another(tmp_path: Path) -> None:
    out, errors = tmp_path / "out.jsonl", tmp_path / "out.jsonl.errors.jsonl"
    errors.write_text("of an earlier run")
    asked = '"url": "/v1/chat/completions", "body": {"messages": [{"role": "user", "content": "?"}]}'
    answer = {"choices": [{"message": {"content": "Yes."}}]}

    async def story(desk: Desk) -> None:
        desk.job(out, "jsonl", kind="batch", names=["in.jsonl"])
        desk.read(0, [Call(custom_id=f"r{n}", body=f'{{"custom_id": "r{n}", {asked}}}') for n in range(3)])
        desk.outputs.begin("job-1")
        await desk.settle()
        assert not errors.exists()
        desk.say(1, error="The prompt is too long.")
        await desk.settle()
        assert [line["custom_id"] for line in lines(errors)] == ["r1"]
        desk.say(2, json.dumps(answer))
        desk.say(0, json.dumps(answer))
        await desk.settle()
        assert [line["custom_id"] for line in lines(out)] == ["r2", "r0"]
        desk.outputs.finish("job-1")
        await desk.settle()

    assert play(tmp_path, story).notices == []
    assert [line["custom_id"] for line in lines(out)] == ["r0", "r2"]
    assert lines(out)[0]["response"]["body"]["choices"] == answer["choices"]
    assert lines(errors)[0]["error"]["message"] == "The prompt is too long."


STEPS = st.lists(
    st.one_of(
        st.lists(st.integers(0, 29), min_size=1, max_size=7).map(lambda ids: ("end", ids)),
        st.sampled_from([("begin", []), ("breathe", []), ("settle", []), ("lose", [])]),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(STEPS, st.sampled_from(["csv", "jsonl", "markdown"]))
def test_every_result_is_in_the_file_once_whatever_comes_in_between(
    steps: list[tuple[str, list[int]]], format: OutputFormat
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        out, ended = folder / "out", set[int]()

        def found() -> list[int]:
            return [int(word.split("»")[0]) for word in out.read_text(encoding="utf-8").split("«")[1:]]

        async def story(desk: Desk) -> None:
            desk.job(out, format, names=["a", "b", "c"])
            for document in range(3):
                desk.read(document, [Row(values={f"column {document}": "x"})] * 10)
            desk.outputs.begin("job-1")
            for step, positions in steps:
                match step:
                    case "end":
                        new = list(dict.fromkeys(n for n in positions if n not in ended))
                        ids = [desk.end(n % 10, f"«{n}»", document=n // 10) for n in new]
                        desk.outputs.ended("job-1", ids)
                        ended.update(new)
                    case "begin":
                        desk.outputs.begin("job-1")
                    case "breathe":
                        await asyncio.sleep(0.0005)
                    case "settle":
                        await desk.settle()
                        assert not out.exists() or sorted(found()) == sorted(ended)
                    case "lose":
                        out.unlink(missing_ok=True)
            desk.outputs.begin("job-1")
            await desk.settle()
            assert found() == sorted(ended)
            desk.outputs.finish("job-1")
            await desk.settle()
            assert found() == sorted(ended)

        assert play(folder, story, slice_size=2).notices == []


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_a_file_that_takes_only_a_part_is_left_as_it_was(tmp_path: Path) -> None:
    import resource

    file = tmp_path / "out.jsonl"
    file.write_text("a whole line\n")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            add({file: "x" * 200_000}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.read_text() == "a whole line\n"


def test_results_are_read_and_written_a_few_at_a_time(tmp_path: Path) -> None:
    import tracemalloc

    async def story(desk: Desk) -> None:
        desk.job(tmp_path / "out.csv", "csv")
        desk.read(0, rows(5000))
        with desk.items.together() as sql:
            sql.execute("UPDATE items SET state = 'done', output = ?", ("x" * 1000,))
        tracemalloc.start()
        await desk.outputs.export("job-1", tmp_path / "out.csv", "csv")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4_000_000, "of 5 MB of results"

    play(tmp_path, story)
    assert len(table(tmp_path / "out.csv")) == 5000
