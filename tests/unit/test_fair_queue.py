"""Several jobs share the machine; one can be put first."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from app.store.database import Database
from app.store.items import Cost, Items
from app.store.jobs import Jobs


@pytest.fixture
def queue(tmp_path: Path) -> tuple[Jobs, Items]:
    database = Database(tmp_path / "rubato.sqlite3", tmp_path / "backups")
    jobs, items = Jobs(database), Items(database, "run")
    for id in ("a", "b", "c"):
        jobs.add(id=id, kind="k", title=id, params="{}", options="{}", model="", sources=[("s", "s")], now_seconds=0)
        jobs.set_state(id, "queued")
        (source,) = jobs.sources(id)
        items.add(id, source.id, 0, [f"{id} {n}" for n in range(10)])
    return jobs, items


def claimed(items: Items, *job_ids: str, most: int) -> Counter[str]:
    return Counter(item.job_id for item in items.claim(job_ids, most))


def test_jobs_share_alike(queue: tuple[Jobs, Items]) -> None:
    _, items = queue
    assert claimed(items, "a", "b", "c", most=6) == {"a": 2, "b": 2, "c": 2}
    assert claimed(items, "b", "c", most=2) == {"b": 1, "c": 1}, "only those that may run"


def test_one_that_comes_later_catches_up(queue: tuple[Jobs, Items]) -> None:
    _, items = queue
    assert claimed(items, "a", most=4) == {"a": 4}
    assert claimed(items, "a", "b", most=4) == {"b": 4}


def test_one_that_is_put_first_goes_before_all_others(queue: tuple[Jobs, Items]) -> None:
    jobs, items = queue
    jobs.update("c", is_first=1)
    assert claimed(items, "a", "b", "c", most=12) == {"c": 10, "a": 1, "b": 1}
    assert [job.id for job in jobs.all()] == ["c", "a", "b"]


def test_the_queue_can_be_put_in_another_order(queue: tuple[Jobs, Items]) -> None:
    jobs, items = queue
    jobs.move("c", -2)
    assert [job.id for job in jobs.all()] == ["c", "a", "b"]
    jobs.move("c", 99)
    assert [job.id for job in jobs.all()] == ["a", "b", "c"]
    assert claimed(items, "a", "b", "c", most=1) == {"a": 1}


def test_a_job_knows_what_its_items_cost(queue: tuple[Jobs, Items]) -> None:
    jobs, items = queue
    for item in items.claim(["a"], 2):
        items.end(item, output="x", cost=Cost(prompt_tokens=100, cached_tokens=60, output_tokens=7, seconds=1.0))
    job = jobs.get("a")
    assert job is not None
    assert (job.prompt_tokens, job.cached_tokens, job.output_tokens) == (200, 120, 14)


def test_what_was_running_at_a_crash_keeps_only_those_jobs_waiting_that_may_run(queue: tuple[Jobs, Items]) -> None:
    _, items = queue
    (item,) = items.claim(["a"], 1)
    items.requeue_suspect(item.id, 0)
    assert items.has_suspects(["a", "b"])
    assert not items.has_suspects(["b", "c"])
