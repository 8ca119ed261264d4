"""Files of the hub come onto this machine: with a real download process, and a hub on loopback that misbehaves."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.downloads.download import place_files
from app.downloads.hub import Hub
from app.downloads.messages import DownloadProgressed, DownloadWaited, FileGroup, RepositoryFile, Stage
from app.downloads.patience import Patience
from app.errors import ErrorKind, KnownError
from tests.downloads.children import processes
from tests.downloads.killed_at_random import download_killed
from tests.downloads.local_hub import REPOSITORY, REVISION, TOKEN, LocalHub, model_bytes

MODEL = model_bytes(200_000)
LARGE = model_bytes(40 << 20)
QUICK = Patience(first_seconds=0.01, longest_seconds=0.02, stall_seconds=20.0, attempts=3)
IMPATIENT = Patience(first_seconds=0.01, longest_seconds=0.02, stall_seconds=2.0, attempts=3)  # for a hub that stalls


def group(*files: tuple[str, bytes], **other: object) -> FileGroup:
    """Files as the hub tells of them; `other` replaces single facts."""
    facts = [
        RepositoryFile(path=name, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
        for name, content in files
    ]
    return FileGroup(
        **{  # type: ignore[arg-type]
            "repository": REPOSITORY,
            "revision": REVISION,
            "name": "tiny",
            "quantisation": "Q4_0",
            "files": tuple(facts),
            **other,
        }
    )


TINY = group(("tiny-Q4_0.gguf", MODEL))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LocalHub]:
    served = LocalHub({"tiny-Q4_0.gguf": MODEL})
    monkeypatch.setenv("HF_ENDPOINT", served.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_TOKEN", "of somebody else")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    yield served
    served.close()


def fetch(what: FileGroup, profile, **options) -> Path:
    return asyncio.run(place_files(what, profile, patience=options.pop("patience", QUICK), **options))


def failure_of(what: FileGroup, profile, **options) -> KnownError:
    with pytest.raises(KnownError) as caught:
        fetch(what, profile, **options)
    return caught.value


def names_in(profile) -> list[str]:
    return sorted(str(file.relative_to(profile.models)) for file in profile.models.rglob("*") if file.is_file())


WHOLE = [f"{REPOSITORY}/tiny-Q4_0.gguf", f"{REPOSITORY}/tiny-Q4_0.gguf.sha256"]
UNFINISHED = [f"{REPOSITORY}/tiny-Q4_0.gguf.part", f"{REPOSITORY}/tiny-Q4_0.gguf.part.state"]


# it works


def test_a_file_comes_over_several_connections_and_is_checked(hub, profile):
    hub.files["large.gguf"] = LARGE
    progress: list[DownloadProgressed] = []
    file = fetch(group(("large.gguf", LARGE)), profile, on_progress=progress.append)
    assert file.read_bytes() == LARGE
    assert names_in(profile) == [f"{REPOSITORY}/large.gguf", f"{REPOSITORY}/large.gguf.sha256"]
    assert len({asked.headers["range"] for asked in hub.downloads()}) > 1
    assert [event.stage for event in (progress[0], progress[-1])] == [Stage.DOWNLOADING, Stage.CHECKING]
    assert progress[-1].done_bytes == progress[-1].total_bytes == len(LARGE)
    assert not any("authorization" in asked.headers for asked in hub.asked)  # nobody agreed to send a token


def test_the_parts_of_a_split_model_come_together(hub, profile):
    parts = [(f"Q8/m-0000{n}-of-00002.gguf", model_bytes(50_000, seed=n)) for n in (1, 2)]
    hub.files.update(parts)
    progress: list[DownloadProgressed] = []
    first = fetch(group(*parts), profile, on_progress=progress.append)
    assert first == profile.models / REPOSITORY / "Q8" / "m-00001-of-00002.gguf"
    assert [(first.parent / name.removeprefix("Q8/")).read_bytes() for name, _ in parts] == [c for _, c in parts]
    assert {event.total_bytes for event in progress} == {100_000}
    assert [event.done_bytes for event in progress] == sorted(event.done_bytes for event in progress) or len(parts) == 2


def test_the_bytes_may_lie_on_another_host(hub, profile):
    hub.cdn = LocalHub(is_cdn=True)
    hub.cdn.faults.link_ends = 1  # as one that was given an hour ago
    assert fetch(TINY, profile).read_bytes() == MODEL
    assert all("authorization" not in asked.headers for asked in hub.cdn.asked)
    assert len(hub.cdn.asked) == 2
    hub.cdn.close()


def test_a_hub_that_knows_no_ranges(hub, profile):
    hub.faults.ignores_ranges = True
    hub.faults.cut = 1
    hub.faults.cut_after = 70_000
    assert fetch(TINY, profile).read_bytes() == MODEL


def test_a_file_without_a_checksum_is_taken_by_its_size(hub, profile):
    plain = group(files=(RepositoryFile(path="tiny-Q4_0.gguf", size_bytes=len(MODEL)),))
    assert fetch(plain, profile).read_bytes() == MODEL
    assert names_in(profile) == WHOLE[:1]


def test_what_is_there_is_not_fetched_again(hub, profile):
    file = fetch(TINY, profile)
    hub.asked.clear()
    assert fetch(TINY, profile) == file
    assert hub.asked == []


def test_a_proxy_is_asked_instead_of_the_hub(hub, profile, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    monkeypatch.setenv("HTTP_PROXY", hub.url)
    for name in ("NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert fetch(TINY, profile).read_bytes() == MODEL
    assert hub.asked[0].path.startswith("http://hub.invalid/")


# what passes


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_hub_that_has_no_time_is_asked_again(hub, profile, status):
    hub.faults.statuses = [status, status]
    assert fetch(TINY, profile).read_bytes() == MODEL
    assert len(hub.downloads()) == 3


def test_a_hub_may_say_how_long_it_wants_to_be_left_alone(hub, profile):
    hub.faults.statuses, hub.faults.retry_after = [429], "1"
    told: list[object] = []
    assert fetch(TINY, profile, on_progress=told.append).read_bytes() == MODEL
    waits = [event.sentence for event in told if isinstance(event, DownloadWaited)]
    assert waits == ["The hub asks to wait. It goes on in 1 s."]


def test_a_connection_that_breaks_goes_on_where_it_was(hub, profile):
    hub.faults.cut, hub.faults.cut_after = 5, 30_000
    assert fetch(TINY, profile).read_bytes() == MODEL
    assert [asked.headers["range"] for asked in hub.downloads()][:2] == ["bytes=0-199999", "bytes=30000-199999"]
    assert hub.sent_bytes == len(MODEL)


def test_a_connection_that_stalls_is_made_anew(hub, profile):
    hub.faults.stall, hub.faults.cut_after = 1, 30_000
    assert fetch(TINY, profile, patience=IMPATIENT).read_bytes() == MODEL
    assert hub.sent_bytes == len(MODEL)


# what does not: one sentence each


def test_a_hub_that_never_has_time(hub, profile):
    hub.faults.statuses = [503] * 20
    error = failure_of(TINY, profile)
    assert error.kind is ErrorKind.DOWNLOAD_FAILED
    assert "could not be fetched (the hub answers with status 503). What came is kept: try again later." in str(error)
    assert len(hub.downloads()) == 1 + QUICK.attempts


def test_a_hub_that_is_not_there(hub, profile, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "there is no connection to http://127.0.0.1:9. Check the network" in str(failure_of(TINY, profile))


def test_corrupt_bytes_are_thrown_away(hub, profile):
    hub.faults.is_corrupt = True
    error = failure_of(TINY, profile)
    assert "has another checksum than the hub says, so it was thrown away. Try again" in str(error)
    assert names_in(profile) == []
    hub.faults.is_corrupt = False
    assert fetch(TINY, profile).read_bytes() == MODEL


def test_what_is_no_model_is_thrown_away(hub, profile):
    hub.files["tiny-Q4_0.gguf"] = bytes(len(MODEL))
    assert "is no model file, so it was thrown away" in str(failure_of(TINY, profile))
    assert names_in(profile) == []


@pytest.mark.parametrize("said", [100_000, 300_000, 1])
def test_a_hub_that_says_two_sizes(hub, profile, said):
    hub.faults.said_size = said
    assert f"has {said} bytes and not 200000, as the hub said before." in str(failure_of(TINY, profile))


@pytest.mark.parametrize("size", [150_000, 250_000])
def test_a_file_of_another_size_without_ranges(hub, profile, size):
    hub.files["tiny-Q4_0.gguf"] = model_bytes(size)
    hub.faults.ignores_ranges = True
    assert f"has {size} bytes and not 200000" in str(failure_of(TINY, profile))


def test_more_bytes_than_were_asked_for_fill_no_disk(hub, profile):
    hub.faults.more = 10_000
    assert fetch(TINY, profile).read_bytes() == MODEL


def test_a_web_page_in_place_of_the_file(hub, profile):
    hub.faults.is_page = True
    assert "a web page came in its place. Sign in to this network" in str(failure_of(TINY, profile))


def test_a_hub_that_leads_in_circles(hub, profile):
    hub.faults.location = f"/{REPOSITORY}/resolve/{REVISION}/tiny-Q4_0.gguf"
    assert "to an address that leads nowhere" in str(failure_of(TINY, profile))


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_hub_that_leads_to_what_is_no_web_address(hub, profile, location):
    hub.faults.location = location
    assert "to an address that leads nowhere" in str(failure_of(TINY, profile))


def test_a_file_that_is_gone(hub, profile):
    del hub.files["tiny-Q4_0.gguf"]
    assert f"is not at {hub.url} any more" in str(failure_of(TINY, profile))


def test_offline(hub, profile, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE is set" in str(failure_of(TINY, profile))
    assert hub.asked == []


def test_a_disk_that_is_too_small(hub, profile):
    huge = group(files=(RepositoryFile(path="huge.gguf", size_bytes=1 << 60),))
    error = failure_of(huge, profile)
    assert error.kind is ErrorKind.DISK_FULL
    assert hub.asked == []
    assert names_in(profile) == []


@pytest.mark.parametrize(
    "fault",
    [
        {"is_page": True},
        {"said_size": 100_000},
        {"location": "file:///etc/passwd"},
        {"statuses": [503] * 20},
        {"ignores_ranges": True, "is_corrupt": True},
    ],
)
def test_where_not_a_byte_of_it_came_nothing_is_left(hub, profile, fault):
    for name, value in fault.items():
        setattr(hub.faults, name, value)
    failure_of(TINY, profile)
    assert names_in(profile) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], capture_output=True).returncode != 0:
        pytest.skip("this user may not make a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_fills_in_the_middle(hub, profile, small_disk):
    paths = dataclasses.replace(profile, models=small_disk / "models")
    hub.faults.stall, hub.faults.cut_after = 2, 60_000

    async def fill_in_the_middle() -> KnownError:
        download = asyncio.create_task(place_files(TINY, paths, patience=IMPATIENT))
        await until_stalled(hub)
        await until_stalled(hub)  # so what came before the first is on the disk
        with contextlib.suppress(OSError):
            (small_disk / "other").write_bytes(bytes(2 << 20))
        hub.go_on.set()
        with pytest.raises(KnownError) as caught:
            await download
        return caught.value

    error = asyncio.run(fill_in_the_middle())
    assert error.kind is ErrorKind.DISK_FULL
    assert "the disk is full" in str(error)
    (small_disk / "other").unlink()
    assert fetch(TINY, paths).read_bytes() == MODEL  # what had come is used
    assert "bytes=0-" not in hub.downloads()[-1].headers["range"]


# tokens


@pytest.fixture
def token_name(hub, profile) -> str:
    async def keep() -> str:
        asking = Hub(profile)
        kept = await asking.keep_token(TOKEN)
        await asking.close()
        return kept.token_name

    return asyncio.run(keep())


def test_a_gated_file_is_refused_with_what_to_do(hub, profile):
    hub.is_gated = True
    assert "Agree to them on its page, and give Rubato a token of yours." in str(failure_of(TINY, profile))


def test_a_gated_file_comes_with_the_token_that_was_agreed_to(hub, profile, token_name):
    hub.is_gated = True
    hub.cdn = LocalHub(is_cdn=True)
    assert fetch(TINY, profile, token_name=token_name).read_bytes() == MODEL
    assert hub.downloads()[-1].headers["authorization"] == f"Bearer {TOKEN}"
    assert [asked.headers.get("authorization") for asked in hub.cdn.asked] == [None]  # it did not follow
    hub.cdn.close()


def test_a_token_is_not_sent_where_others_could_read_it(hub, profile, token_name, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    assert "which does not encrypt" in str(failure_of(TINY, profile, token_name=token_name))


# in the middle


async def until_stalled(hub: LocalHub) -> None:
    assert await asyncio.to_thread(hub.stalled.acquire, timeout=60)


def test_one_that_is_killed_goes_on_the_next_time(hub, profile):
    hub.faults.stall, hub.faults.cut_after = 2, 60_000

    async def kill_in_the_middle() -> None:
        download = asyncio.create_task(place_files(TINY, profile, patience=IMPATIENT))
        await until_stalled(hub)
        await until_stalled(hub)  # so what came before the first is on the disk
        processes("download")[0].kill()
        with pytest.raises(KnownError) as caught:
            await download
        assert "broke off (killed by SIGKILL)" in str(caught.value)

    asyncio.run(kill_in_the_middle())
    hub.faults.stall = 0
    assert names_in(profile) == UNFINISHED
    assert fetch(TINY, profile).read_bytes() == MODEL
    assert names_in(profile) == WHOLE
    assert hub.downloads()[-1].headers["range"] in ("bytes=60000-199999", "bytes=120000-199999")


def test_what_was_begun_of_another_file_is_not_used(hub, profile):
    hub.faults.stall, hub.faults.cut_after = 1, 60_000

    async def cancel_in_the_middle() -> None:
        download = asyncio.create_task(place_files(TINY, profile, patience=QUICK))
        await until_stalled(hub)
        download.cancel()
        with pytest.raises(asyncio.CancelledError):
            await download

    asyncio.run(cancel_in_the_middle())
    other = model_bytes(200_000, seed=2)
    hub.files["tiny-Q4_0.gguf"] = other
    assert fetch(group(("tiny-Q4_0.gguf", other)), profile).read_bytes() == other


def test_killed_at_random_the_file_is_right_and_little_comes_twice(hub, profile):
    content = model_bytes(6_000_000)
    outcome = download_killed(hub, profile, content, 6, bytes_per_second=2e6, seed=7)
    assert outcome.is_right
    assert outcome.kills >= 4  # some may come to their end before they are killed
    assert outcome.twice <= 0.05, f"{outcome.twice:.1%} came twice"
