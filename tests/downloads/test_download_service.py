"""Downloads as Core has them: paused, resumed, cancelled, over restarts; a hub on loopback, real download processes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import psutil
import pytest

from app.core.core import Core
from app.core.downloads import Speed
from app.core.events import DownloadChanged, Event, ModelsChanged
from app.core.model_views import DownloadState, HubFile, ModelPlace
from app.downloads import catalogue, records
from app.engine.fake import fake_engine
from app.errors import ErrorKind, KnownError
from app.settings import Settings
from tests.downloads.local_hub import REPOSITORY, TOKEN, LocalHub, model_bytes
from tests.unit import gguf_files

MODEL = model_bytes(200_000)
NAME = "tiny-Q4_0.gguf"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LocalHub]:
    served = LocalHub({NAME: MODEL, **{f"tiny-Q8_0-0000{n}-of-00002.gguf": model_bytes(90_000, n) for n in (1, 2)}})
    monkeypatch.setenv("HF_ENDPOINT", served.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "OLLAMA_MODELS"):
        monkeypatch.delenv(name, raising=False)
    yield served
    served.close()


class Program:
    """A Core that is opened anew as often as a test likes."""

    def __init__(self, paths) -> None:
        self.paths = paths
        self.settings = Settings()
        self.events: list[Event] = []

    def run(self, story: Callable[[Core], Awaitable[None]], *, go_on: bool = True) -> None:
        async def whole() -> None:
            self.paths.make_folders()
            core = Core(self.paths, fake_engine(), self.events.append, settings=self.settings)
            core.open()
            core._downloads.recover(go_on=go_on)
            try:
                await asyncio.wait_for(story(core), 60)
            finally:
                await core.close()

        asyncio.run(whole())

    def states(self) -> list[DownloadState]:
        told = [event.download.state for event in self.events if isinstance(event, DownloadChanged)]
        return [state for n, state in enumerate(told) if n == 0 or told[n - 1] is not state]

    def files(self) -> list[str]:
        models = self.paths.models
        return sorted(str(file.relative_to(models)) for file in models.rglob("*") if file.is_file())


@pytest.fixture
def program(hub, profile) -> Program:
    return Program(profile)


async def file_of(core: Core, quantisation: str = "Q4_0") -> HubFile:
    return next(file for file in await core.hub_files(REPOSITORY) if file.quantisation == quantisation)


def downloading() -> list[int]:
    """The download processes that run."""
    running = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if child.cmdline()[-1:] == ["download"] and child.status() != psutil.STATUS_ZOMBIE:
                running.append(child.pid)
    return running


def running_after(before: int) -> list[int]:
    """The download processes that run, as soon as there is another one than `before`."""
    while (now := downloading()) in ([], [before]):
        pass
    return now


async def until_stalled(hub: LocalHub) -> None:
    assert await asyncio.to_thread(hub.stalled.acquire, timeout=60)


def test_a_download_from_its_search_to_its_place(hub, program):
    async def story(core: Core) -> None:
        (found,) = await core.search_hub(" tiny ")
        file = await file_of(core)
        assert (found.repository, file.path, file.fit is not None) == (REPOSITORY, None, True)
        done = await core.wait_for_download(core.download(file))
        assert (done.state, done.done_bytes, done.path) == (
            DownloadState.DONE,
            len(MODEL),
            core.paths.models / REPOSITORY / NAME,
        )
        assert (await file_of(core)).path == done.path

    program.run(story)
    assert program.states()[0] is DownloadState.WAITING
    assert program.states()[-1] is DownloadState.DONE
    assert any(isinstance(event, ModelsChanged) for event in program.events)
    assert program.files() == [f"{REPOSITORY}/{NAME}", f"{REPOSITORY}/{NAME}.sha256"]


def test_the_fit_of_a_file_that_is_not_here_is_from_what_it_says_of_itself(hub, program):
    content = gguf_files.gguf(gguf_files.GOOD_VALUES, gguf_files.GOOD_TENSORS, data=b"\0" * 4096)
    hub.files["small-Q4_1.gguf"] = content

    async def story(core: Core) -> None:
        known = await core.hub_fit(await file_of(core, "Q4_1"))
        assert known.sentence.startswith("Fits: it takes")
        assert "by the size of its file" not in known.sentence
        guessed = await core.hub_fit(await file_of(core))  # which has no such facts in it
        assert "by the size of its file" in guessed.sentence
        assert guessed.needed_bytes > len(MODEL)

    program.run(story)
    assert program.files() == []


def test_one_that_is_paused_waits_also_over_a_restart_and_goes_on_where_it_was(hub, program):
    hub.faults.stall, hub.faults.cut_after = 4, 60_000

    async def pause(core: Core) -> None:
        id = core.download(await file_of(core))
        await until_stalled(hub)
        core.pause_download(id)
        assert (await core.wait_for_download(id)).state is DownloadState.PAUSED

    async def look(core: Core) -> None:
        (left,) = core.downloads()
        assert (left.state, left.total_bytes) == (DownloadState.PAUSED, len(MODEL))
        hub.faults.stall = 0
        core.resume_download(left.id)
        assert (await core.wait_for_download(left.id)).state is DownloadState.DONE

    program.run(pause)
    program.run(look)
    assert (program.paths.models / REPOSITORY / NAME).read_bytes() == MODEL


def test_one_that_was_running_when_the_program_ended_goes_on_by_itself(hub, program):
    hub.faults.stall, hub.faults.cut_after = 4, 60_000

    async def begin(core: Core) -> None:
        core.download(await file_of(core))
        await until_stalled(hub)

    async def look(core: Core) -> None:
        hub.faults.stall = 0
        (left,) = core.downloads()
        assert (await core.wait_for_download(left.id)).state is DownloadState.DONE

    program.run(begin)
    assert len(records.load(program.paths)) == 1
    program.run(look)
    assert records.load(program.paths) == []


def test_paused_and_resumed_at_once_there_is_one_process_at_a_time(hub, program):
    hub.faults.stall, hub.faults.cut_after = 1, 60_000

    async def story(core: Core) -> None:
        id = core.download(await file_of(core))
        await until_stalled(hub)
        (before,) = downloading()
        psutil.Process(before).suspend()  # it does not end by itself when it is told to: only a kill ends it, later
        for _ in range(3):
            core.pause_download(id)
            core.resume_download(id)
        now = await asyncio.to_thread(running_after, before)
        assert before not in now, "two processes write one file"
        assert (await core.wait_for_download(id)).state is DownloadState.DONE

    program.run(story)
    assert (program.paths.models / REPOSITORY / NAME).read_bytes() == MODEL


@pytest.mark.parametrize("quantisation", ["Q4_0", "Q8_0"])
def test_one_that_is_cancelled_leaves_nothing(hub, program, quantisation):
    async def story(core: Core) -> None:
        file = await file_of(core, quantisation)
        hub.faults.stall, hub.faults.cut_after = 1, 50_000
        if len(file.parts) > 1:  # its first part is in its place already
            hub.faults.stall_from = file.parts[1]
        id = core.download(file)
        await until_stalled(hub)
        await core.cancel_download(id)
        assert core.downloads() == []

    program.run(story)
    assert program.files() == []
    assert [folder for folder in program.paths.models.iterdir() if folder.name != ".downloads"] == []
    assert next(e for e in reversed(program.events) if isinstance(e, DownloadChanged)).download.is_cancelled


def test_one_that_failed_says_why_and_is_tried_again(hub, program):
    hub.faults.is_page = True

    async def story(core: Core) -> None:
        file = await file_of(core)
        failed = await core.wait_for_download(core.download(file))
        assert failed.state is DownloadState.FAILED
        assert "a web page came in its place" in failed.sentence
        hub.faults.is_page = False
        assert core.download(file) == failed.id
        assert (await core.wait_for_download(failed.id)).state is DownloadState.DONE

    program.run(story)


def test_a_disk_without_space_is_told_before_anything_is_fetched(hub, program):
    async def story(core: Core) -> None:
        file = await file_of(core)
        huge = HubFile(**{**file.__dict__, "size_bytes": 1 << 60, "sizes": (1 << 60,)})
        with pytest.raises(KnownError) as caught:
            core.download(huge)
        assert caught.value.kind is ErrorKind.DISK_FULL
        assert "are free. Free some space and try again." in str(caught.value)

    program.run(story)
    assert program.files() == []


def test_two_at_once_and_the_third_waits(hub, program):
    hub.files.update({f"m{n}-Q4_K_M.gguf": model_bytes(100_000, n) for n in range(3)})
    hub.faults.stall, hub.faults.cut_after = 2, 50_000

    async def story(core: Core) -> None:
        files = [file for file in await core.hub_files(REPOSITORY) if file.quantisation == "Q4_K_M"]
        ids = [core.download(file) for file in files]
        await until_stalled(hub)
        await until_stalled(hub)
        assert core.downloads()[2].state is DownloadState.WAITING
        hub.go_on.set()
        assert [(await core.wait_for_download(id)).state for id in ids] == [DownloadState.DONE] * 3

    program.run(story)


def test_a_model_of_the_catalogue_is_looked_for_when_it_begins(hub, program):
    entry = catalogue.load().hub_models[0]

    async def story(core: Core) -> None:
        failed = await core.wait_for_download(core.download_model(entry.id))
        assert failed.state is DownloadState.FAILED
        assert entry.repository in failed.sentence  # this hub does not have it
        with pytest.raises(KnownError, match="has no model nonsense"):
            core.download_model("nonsense")

    program.run(story)


def test_a_token_goes_only_to_the_hub_that_was_agreed_to(hub, program, monkeypatch):
    hub.needs_token = True

    async def story(core: Core) -> None:
        await core.set_hub_token(TOKEN)
        state = core.hub_token_state()
        assert (state.has_token, state.account, state.endpoint, state.sentence) == (True, "ada", hub.url, "")
        assert len(await core.hub_files(REPOSITORY)) == 2
        core.settings.hub_token_endpoint = "https://huggingface.co"
        assert "is not sent to" in core.hub_token_state().sentence
        with pytest.raises(KnownError):
            await core.hub_files(REPOSITORY)
        assert "authorization" not in hub.asked[-1].headers
        await core.set_hub_token(None)
        assert not core.hub_token_state().has_token

    program.run(story)


def test_a_damaged_record_of_a_download_stops_nothing(hub, program):
    folder = program.paths.models / ".downloads"
    folder.mkdir(parents=True)
    (folder / "x.json").write_bytes(b"{")

    async def story(core: Core) -> None:
        assert core.downloads() == []

    program.run(story)


# files on this machine


def test_a_file_that_is_added_stays_where_it_is_and_is_only_forgotten(hub, program, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "own-Q4_0.gguf").write_bytes(
        gguf_files.gguf(gguf_files.GOOD_VALUES, gguf_files.GOOD_TENSORS, data=b"\0" * 4096)
    )

    async def story(core: Core) -> None:
        with pytest.raises(KnownError, match="no GGUF file in"):
            (tmp_path / "empty").mkdir()
            await core.add_local(tmp_path / "empty")
        await core.add_local(folder)
        (model,) = await core.models()
        assert (model.name, model.place, model.quantisation) == ("own-Q4_0", ModelPlace.ADDED, "Q4_0")
        with pytest.raises(KnownError, match="Remove the folder instead"):
            await core.delete_model(model.path)
        await core.delete_model(folder)
        assert await core.models() == []

    program.run(story)
    assert (folder / "own-Q4_0.gguf").exists()
    assert program.settings.added_models == []


def test_a_model_is_deleted_with_all_its_parts(hub, program):
    async def story(core: Core) -> None:
        done = await core.wait_for_download(core.download(await file_of(core, "Q8_0")))
        assert done.path is not None
        assert [model.path for model in await core.models()] == [done.path]
        await core.delete_model(done.path)

    program.run(story)
    assert program.files() == []


def test_the_speed_is_that_of_the_last_seconds():
    now = [0.0]
    speed = Speed(lambda: now[0])
    rates = []
    for seconds, done in [(0, 0), (1, 100), (2, 200), (20, 2000), (21, 2000), (22, 500), (23, 600)]:
        now[0] = seconds
        rates.append(speed.reached(done))
    assert rates[:4] == [0, 100, 100, 100]
    assert rates[5:] == [0, 100]  # begun anew
