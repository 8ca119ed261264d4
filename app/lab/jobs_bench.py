"""A job of 100,000 rows beside one of a thousand: what a claim, a look and a result cost, and the memory it takes."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psutil

from app.child_command import child_command
from app.core.kinds.prompt import PromptParams
from app.core.views import ItemState, JobState
from app.engine.local import local_engine
from app.lab.bench import Lab
from app.lab.program import Program, program
from app.lab.row import Limit, Row
from app.paths import profile_paths
from app.store.database import Database
from app.store.items import Items

FEW, MANY = 1_000, 100_000
RUN_SECONDS = 20.0
CLAIMS = 500
PARAMS = PromptParams(template="{text} [[say ok]]", max_tokens=8)


async def jobs(lab: Lab) -> Row:
    """On the fake engine, whose tokens cost nothing: what is left is the queue's own work."""
    row = Row(
        "jobs",
        limits=[
            Limit("claim_ratio", 1.0),
            Limit("look_ratio", 1.0),
            Limit("window_ratio", 1.0),
            Limit("rate_ratio", 0.9, is_most=False),
            Limit("memory_mb", 50.0),
        ],
    )
    folder = lab.folder / "jobs"
    folder.mkdir()
    engine = local_engine(lab.folder, backend="fake")
    async with program(folder, engine, Path("fake.gguf")) as running:
        few = await _rate(running, _table(folder / "few.csv", FEW))
        before = _memory_mb()
        started = time.perf_counter()
        big = await running.core.add_job("prompt", PARAMS, [_table(folder / "many.csv", MANY)], is_draft=True)
        await running.until_read(big)
        read_seconds = time.perf_counter() - started
        many = await _rate_of(running, big)
        looks = _looks(running, big)
        memory = _memory_mb() - before
        running.core.pause_job(big)
        await running.until(big, lambda job: job.state is JobState.PAUSED and job.items_running == 0)
    window = await asyncio.to_thread(_window, folder, big)
    claims = _claims(folder, big)
    row.figures = {
        "claim_ratio": statistics.median(claims) / 0.001,
        "look_ratio": max(looks.values()) / 0.1,
        "window_ratio": max(window.values()) / 0.1,
        "rate_ratio": many / few,
        "memory_mb": memory,
        "claim_seconds": statistics.median(claims),
        "worst_claim_seconds": max(claims),
        "read_seconds": read_seconds,
        "items_per_second": many,
        "items_per_second_of_few": few,
        **{f"{name}_seconds": seconds for name, seconds in looks.items()},
        **window,
    }
    row.facts = {
        "workload": f"{MANY:,} rows beside {FEW:,}; claims are commits; must: 1 ms a claim, 0.1 s a look or an action"
    }
    return row


def _table(path: Path, n: int) -> Path:
    path.write_text("id,text\n" + "".join(f"{k},Row {k} of the table tells of the sea.\n" for k in range(n)))
    return path


async def _rate(running: Program, table: Path) -> float:
    """Items a second of a job from its start to its end."""
    job = await running.core.add_job("prompt", PARAMS, [table], is_draft=True)
    await running.until_read(job)
    started = time.perf_counter()
    running.core.start_job(job)
    done = await running.core.wait_for_job(job)
    return done.items_done / (time.perf_counter() - started)


async def _rate_of(running: Program, job: str) -> float:
    """Items a second over some seconds of a long job."""
    running.core.start_job(job)
    before, started = (await running.until(job, lambda view: view.items_done > 0)).items_done, time.perf_counter()
    await asyncio.sleep(RUN_SECONDS)
    done = running.core.items(job, state=ItemState.DONE, limit=1).total
    return (done - before) / (time.perf_counter() - started)


def _looks(running: Program, job: str) -> dict[str, float]:
    """What the window asks while the job runs, in seconds each."""
    core = running.core
    asked: dict[str, Callable[[], object]] = {
        "open": lambda: (core.jobs(), core.documents(job), core.items(job)),
        "scroll_middle": lambda: core.items(job, offset=MANY // 2),
        "scroll_end": lambda: core.items(job, offset=MANY - 100),
        "filter_done": lambda: core.items(job, state=ItemState.DONE, offset=2_000),
        "filter_waiting": lambda: core.items(job, state=ItemState.QUEUED, offset=MANY // 2),
        "item": lambda: core.item(core.items(job, offset=MANY // 2, limit=1).items[0].id),
    }
    seconds = {}
    for name, ask in asked.items():
        started = time.perf_counter()
        ask()
        seconds[name] = time.perf_counter() - started
    return seconds


def _claims(folder: Path, job: str) -> list[float]:
    """Seconds of a claim, its commit included, from the middle of the job."""
    paths = profile_paths(folder)
    with closing(Database(paths.database, paths.backups)) as database:
        items = Items(database, "bench")
        with database.transaction() as sql:
            sql.execute("UPDATE jobs SET state = 'queued' WHERE id = ?", (job,))
        seconds = []
        for _ in range(CLAIMS):
            started = time.perf_counter()
            claimed = items.claim([job], 1)
            seconds.append(time.perf_counter() - started)
            assert claimed
        return seconds


def _window(folder: Path, job: str) -> dict[str, float]:
    """How long the window's thread is busy with each of a person's actions, in seconds."""
    command = child_command("measure-jobs", str(folder), job)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _memory_mb() -> float:
    return float(psutil.Process(os.getpid()).memory_info().rss) / 1e6
