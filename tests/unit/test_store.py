"""The SQLite file: migrations with backups, one commit a step, a queue that loses nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.errors import ErrorKind, KnownError
from app.store.chats import Chats, MessageRow
from app.store.database import MIGRATIONS, Database
from app.store.items import ItemCounts, ItemRow, Items
from app.store.jobs import Jobs


def new_database(folder: Path) -> Database:
    return Database(folder / "rubato.sqlite3", folder / "backups")


def message(id: str, parent: str | None, role: str = "user", at: float = 0.0) -> MessageRow:
    return MessageRow(
        id=id,
        chat_id="c",
        parent_id=parent,
        role=role,
        text=f"text of {id}",
        state="complete",
        error="",
        figures=None,
        created_seconds=at,
    )


@pytest.fixture
def chats(tmp_path: Path) -> Chats:
    return Chats(new_database(tmp_path))


def test_a_new_file_is_in_wal_mode_and_at_the_newest_version(tmp_path: Path) -> None:
    database = new_database(tmp_path)
    assert database.read("PRAGMA journal_mode")[0][0] == "wal"
    assert database.read("PRAGMA synchronous")[0][0] == 2
    assert database.version == 6
    assert database.problem() == ""


def test_before_a_migration_the_file_is_backed_up(tmp_path: Path) -> None:
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    (migrations / "0001_first.sql").write_text("CREATE TABLE first (x)")
    file, backups = tmp_path / "d.sqlite3", tmp_path / "backups"
    database = Database(file, backups, migrations)
    with database.transaction() as sql:
        sql.execute("INSERT INTO first VALUES (42)")
    database.close()
    assert not backups.exists()
    (migrations / "0002_second.sql").write_text("DROP TABLE first; CREATE TABLE second (y)")
    assert Database(file, backups, migrations).version == 2
    (backup,) = backups.iterdir()
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("SELECT x FROM first").fetchall() == [(42,)]


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    (migrations / "0001_first.sql").write_text("CREATE TABLE first (x)")
    Database(tmp_path / "d.sqlite3", tmp_path / "backups", migrations).close()
    (migrations / "0002_bad.sql").write_text("DROP TABLE first; CREATE TABLE first (a, a)")
    with pytest.raises(sqlite3.OperationalError):
        Database(tmp_path / "d.sqlite3", tmp_path / "backups", migrations)
    with closing(sqlite3.connect(tmp_path / "d.sqlite3")) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (1,)
        assert file.execute("SELECT * FROM first").fetchall() == []


def test_a_file_of_a_newer_program_is_not_touched(tmp_path: Path) -> None:
    new_database(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "rubato.sqlite3")) as file:
        file.execute("PRAGMA user_version = 99")
    with pytest.raises(KnownError, match="newer Rubato"):
        new_database(tmp_path)


def test_a_file_that_is_no_database_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "rubato.sqlite3").write_bytes(b"this is not a database, whatever it is called" * 100)
    with pytest.raises(KnownError, match="damaged"):
        new_database(tmp_path)


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    database = new_database(tmp_path)
    with pytest.raises(ZeroDivisionError), database.transaction() as sql:
        sql.execute("INSERT INTO chats (id, title, created_seconds, updated_seconds) VALUES ('c', 't', 0, 0)")
        raise ZeroDivisionError
    assert database.read("SELECT * FROM chats") == []


def test_a_full_disk_is_told_by_kind(tmp_path: Path) -> None:
    database = new_database(tmp_path)
    pages = database.read("PRAGMA page_count")[0][0]
    database.read(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(KnownError) as error, database.transaction() as sql:
        sql.execute(
            "INSERT INTO chats (id, title, created_seconds, updated_seconds) VALUES ('c', ?, 0, 0)", ("x" * 100_000,)
        )
    assert error.value.kind is ErrorKind.DISK_FULL
    assert database.read("SELECT * FROM chats") == []


def test_versions_and_branches(chats: Chats) -> None:
    chats.add_turn(
        new_title="t", chat_id="c", messages=[message("q1", None), message("a1", "q1", "assistant", 1)], now_seconds=1
    )
    chats.add_turn(new_title=None, chat_id="c", messages=[message("a2", "q1", "assistant", 2)], now_seconds=2)
    chats.add_turn(
        new_title=None,
        chat_id="c",
        messages=[message("q2", "a2", "user", 3), message("a3", "q2", "assistant", 4)],
        now_seconds=3,
    )
    assert [row.id for row in chats.branch(chats.get("c").leaf_id)] == ["q1", "a2", "q2", "a3"]
    assert chats.versions(chats.message("a2")) == ["a1", "a2"]
    assert chats.newest_leaf_below("a2") == "a3"
    assert chats.newest_leaf_below("a1") == "a1"


def test_search_finds_words_in_titles_and_texts_by_their_beginnings_without_accents(chats: Chats) -> None:
    first = message("q1", None)
    chats.add_turn(new_title="50% off", chat_id="c", messages=[first], now_seconds=1)
    chats.add_turn(
        new_title=None,
        chat_id="c",
        messages=[
            replace(first, id="q2", text="Où est le CAFÉ?"),
            replace(first, id="q3", state="writing", text="cafe"),
        ],
        now_seconds=2,
    )
    assert [hit.message_id for hit in chats.search("50%", 9)] == [""]
    assert [(hit.message_id, hit.snippet, hit.marks) for hit in chats.search("caf", 9)] == [
        ("q2", "Où est le CAFÉ?", ((10, 14),))
    ]
    chats.save_text("q3", "tea", "complete")
    assert [hit.message_id for hit in chats.search("tea", 9)] == ["q3"]
    assert chats.search("5%0", 9) == []
    for signs in ('"', "AND", "NEAR(", "a* OR", "-", ":", "col:x", "\0", "'; DROP", "^", "{}", "_", ""):
        chats.search(signs, 9)


def test_words_of_a_purged_chat_are_nowhere_in_the_file(tmp_path: Path) -> None:
    database = new_database(tmp_path)
    chats = Chats(database)
    secret = replace(message("q1", None), text="xylophone " * 500 + "quokka")
    chats.add_turn(new_title="The zeppelin", chat_id="c", messages=[secret], now_seconds=1)
    chats.add_turn(
        new_title="Other", chat_id="d", messages=[replace(secret, id="q", chat_id="d", text="hi")], now_seconds=1
    )
    chats.put_in_bin("c", 2)
    chats.empty_bin("c")
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert not any(word in content.lower() for word in (b"xylophone", b"quokka", b"zeppelin"))
    assert [hit.chat_id for hit in chats.search("hi", 9)] == ["d"]


def test_a_copy_of_a_chat_has_all_branches(chats: Chats) -> None:
    chats.add_turn(
        new_title="t", chat_id="c", messages=[message("q", None), message("a", "q", "assistant", 1)], now_seconds=1
    )
    chats.add_turn(new_title=None, chat_id="c", messages=[message("b", "q", "assistant", 2)], now_seconds=1)
    ids = iter("xyz")
    chats.duplicate("c", "copy", lambda: next(ids), 3)
    copy = chats.get("copy")
    assert [(row.id, row.chat_id) for row in chats.branch(copy.leaf_id)] == [("x", "copy"), ("z", "copy")]
    assert chats.versions(chats.message("z")) == ["y", "z"]


def test_a_deleted_message_goes_with_what_follows_and_comes_back_with_it(chats: Chats) -> None:
    chats.add_turn(
        new_title="t", chat_id="c", messages=[message("q", None), message("a", "q", "assistant", 1)], now_seconds=1
    )
    chats.delete_message("q", 5)
    assert chats.newest_beginning("c") is None
    assert chats.search("text", 9) == []
    chats.undelete_message(chats.message("q"))
    assert chats.newest_leaf_below("q") == "a"
    assert len(chats.search("text", 9)) == 2


def test_a_deleted_chat_can_be_restored_until_the_bin_is_emptied(chats: Chats) -> None:
    chats.add_turn(new_title="t", chat_id="c", messages=[message("q1", None)], now_seconds=1)
    chats.put_in_bin("c", 2)
    assert chats.all() == []
    chats.take_out_of_bin("c")
    assert len(chats.all()) == 1
    chats.put_in_bin("c", 3)
    chats.empty_bin()
    chats.take_out_of_bin("c")
    assert chats.all() == []
    assert chats.message("q1") is None


def test_a_profile_of_the_first_schema_keeps_its_jobs(tmp_path: Path) -> None:
    """Also one from before its unused column went."""
    first = tmp_path / "first"
    first.mkdir()
    sql = (MIGRATIONS / "0001_chats_and_jobs.sql").read_text()
    (first / "0001.sql").write_text(f"{sql}; ALTER TABLE items ADD COLUMN worked_seconds REAL NOT NULL DEFAULT 0")
    old = Database(tmp_path / "rubato.sqlite3", tmp_path / "backups", first)
    with old.transaction() as change:
        change.execute("INSERT INTO jobs VALUES ('j', 'k', 't', 'queued', 's', '{}', '', 1, 0)")
        for position, state in enumerate(("done", "failed", "queued", "queued")):
            change.execute(
                "INSERT INTO items (job_id, level, position, state, input) VALUES ('j', 0, ?, ?, '')",
                (position, state),
            )
    old.close()
    database = new_database(tmp_path)
    jobs, items = Jobs(database), Items(database, "run")
    assert [job.id for job in jobs.all()] == ["j"]
    assert [(source.path, source.state, source.n_items) for source in jobs.sources("j")] == [("s", "read", 4)]
    assert items.count("j") == ItemCounts(queued=2, done=1, failed=1)
    (claimed,) = items.claim(["j"], 1)
    assert claimed.position == 2


def test_a_large_job_is_claimed_from_without_looking_at_it_all(tmp_path: Path) -> None:
    """Neither a scan of the items nor a sort of them, by SQLite's own account."""
    database = new_database(tmp_path)
    plans: list[str] = []
    database._connection.set_trace_callback(plans.append)
    items = Items(database, "run")
    items.claim(["j"], 1)
    items.has_suspects(["j"])
    items.count("j")
    items.page("j")
    items.page("j", state="failed")
    items.is_level_through("j", 1, 0)
    items.first("j")
    database._connection.set_trace_callback(None)
    for statement in [text for text in plans if text.startswith(("UPDATE items", "SELECT"))]:
        for row in database.read(f"EXPLAIN QUERY PLAN {statement}"):
            detail = row["detail"].replace("SCAN items USING INDEX items_suspect", "")  # holds suspects only
            assert "SCAN items" not in detail, detail
            assert "SCAN item_counts" not in row["detail"], row["detail"]


class AnyQueue(RuleBasedStateMachine):
    """Claims, results, failures, crashes, pauses and restarts in any order: no item is lost, none is done twice."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.database = new_database(Path(self.folder.name))
        self.n_runs = 0
        self.open()
        self.claimed: dict[int, ItemRow] = {}
        self.recorded: dict[int, str] = {}
        self.n_items = 0
        self.n_jobs = 0

    def open(self) -> None:
        self.n_runs += 1
        self.jobs, self.items = Jobs(self.database), Items(self.database, f"run {self.n_runs}")

    @property
    def ids(self) -> list[str]:
        return [f"job{n + 1}" for n in range(self.n_jobs)]

    @rule(n=st.integers(1, 5))
    def add_job(self, n: int) -> None:
        self.n_jobs += 1
        id = f"job{self.n_jobs}"
        self.jobs.add(
            id=id, kind="k", title="t", params="{}", options="{}", model="", sources=[("s", "s")], now_seconds=0
        )
        self.jobs.set_state(id, "queued")
        (source,) = self.jobs.sources(id)
        self.items.add(id, source.id, 0, [f"input {k}" for k in range(n)])
        self.n_items += n

    @rule(only_suspects=st.booleans(), most=st.integers(1, 3))
    def claim(self, only_suspects: bool, most: int) -> None:
        for item in self.items.claim(self.ids, most, only_suspects=only_suspects):
            assert item.id not in self.claimed, "claimed twice"
            assert item.id not in self.recorded, "claimed after it was done"
            assert item.is_suspect == only_suspects
            self.claimed[item.id] = item

    @precondition(lambda self: self.claimed)
    @rule(data=st.data(), how=st.sampled_from(["done", "failed", "requeued", "suspect"]))
    def settle(self, data: st.DataObject, how: str) -> None:
        item = self.claimed.pop(data.draw(st.sampled_from(sorted(self.claimed))))
        if how == "done":
            assert self.items.end(item, output=f"output {item.id}")
            assert not self.items.end(item, output="again"), "recorded twice"
            self.recorded[item.id] = f"output {item.id}"
        elif how == "failed":
            assert self.items.end(item, error="why")
            self.recorded[item.id] = ""
        elif how == "requeued":
            self.items.requeue(item.id)
        else:
            self.items.requeue_suspect(item.id, 1)

    @precondition(lambda self: self.n_jobs)
    @rule(state=st.sampled_from(["paused", "queued", "cancelled"]))
    def halt(self, state: str) -> None:
        self.jobs.set_state("job1", state)
        for only_suspects in (False, True):
            for item in self.items.claim(self.ids, 1, only_suspects=only_suspects):
                assert item.job_id != "job1" or state == "queued", "an item of a job that stands still was claimed"
                self.items.requeue(item.id)

    @rule()
    def restart(self) -> None:
        self.database.close()
        self.database = new_database(Path(self.folder.name))
        before = list(self.claimed.values())
        self.open()
        self.items.requeue_all_running()
        assert not any(self.items.end(item, output="late") for item in before), "recorded without a lease"
        self.claimed.clear()

    @invariant()
    def counts_are_those_of_the_rows(self) -> None:
        for job in self.jobs.all():
            states = [item.state for item in self.items.page(job.id)]
            counts = self.items.count(job.id)
            assert (counts.queued, counts.running, counts.done, counts.failed) == tuple(
                states.count(state) for state in ("queued", "running", "done", "failed")
            )

    def teardown(self) -> None:
        rows = [item for job in self.jobs.all() for item in self.items.page(job.id)]
        assert len(rows) == self.n_items
        for item in rows:
            if item.id in self.recorded:
                assert item.state in ("done", "failed")
                assert item.output == self.recorded[item.id]
            else:
                assert item.state in ("queued", "running")
        self.database.close()
        self.folder.cleanup()


AnyQueue.TestCase.settings = hypothesis_settings(max_examples=40, stateful_step_count=30, deadline=None)
TestAnyQueue = AnyQueue.TestCase
