"""Files, folders and archives become a list of files, through the real task process."""

from __future__ import annotations

import asyncio
import os
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import archive, write

from app.errors import ErrorKind, KnownError
from app.ingest.found import natural_key
from app.ingest.gathering import Gathered, gather
from app.ingest.messages import FilesFound, GatherFiles, ReadingFailed
from app.ingest.process import read_events


@pytest.fixture
def gathered(tmp_path: Path):
    def run(*paths: Path) -> Gathered:
        return asyncio.run(gather(paths, unpack_into=tmp_path / "unpacked", log_file=tmp_path / "log"))

    return run


@pytest.fixture
def found(tmp_path: Path):
    """Names of files, names and sentences of what is refused, notes; without a process of its own."""

    def run(*paths: Path) -> tuple[list[str], dict[str, str], tuple[str, ...]]:
        command = GatherFiles(paths=tuple(map(os.fsencode, paths)), unpack_into=os.fsencode(tmp_path / "unpacked"))
        *events, last = read_events(command)
        if isinstance(last, ReadingFailed):
            raise KnownError(last.kind, last.sentence)
        files = [file for event in events if isinstance(event, FilesFound) for file in event.files]
        refused = {file.name: file.sentence for file in files if file.sentence}
        return [file.name for file in files if not file.sentence], refused, last.notes

    return run


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write(folder / name, f"text of {name}")
    return folder


def test_a_folder_in_the_order_of_people(tmp_path, gathered):
    folder = fill(tmp_path / "reports", "a10.txt", "a2.md", "B.py", "2024/x.csv", ".git/config", "a/.DS_Store")
    write(folder / "empty.txt", b"")
    write(folder / "photo.jpg", b"\xff\xd8\xff\xe0 a picture")
    write(folder / "program", bytes(range(256)) * 20)
    result = gathered(folder, fill(tmp_path, "one.txt") / "one.txt")
    assert [file.name for file in result.files] == [
        *("one.txt", "reports/2024/x.csv", "reports/a2.md", "reports/a10.txt", "reports/B.py"),
    ]
    assert result.files[1].path == folder / "2024" / "x.csv"
    assert [(refused.name, refused.sentence.split(".")[1]) for refused in result.refused] == [
        ("reports/photo.jpg", "jpg” is a picture"),
        ("reports/program", " Save it as PDF or text and add that"),
    ]
    assert result.notes == (
        "2 hidden files and folders were left out.",
        "1 empty file was left out: reports/empty.txt.",
    )


def test_links_and_files_that_are_there_twice(tmp_path, found):
    folder = fill(tmp_path / "f", "a.txt", "below/b.txt")
    (folder / "below" / "loop").symlink_to(folder)
    (folder / "nowhere").symlink_to(tmp_path / "gone")
    (folder / "outside").symlink_to(fill(tmp_path / "other", "c.txt"))
    files, refused, notes = found(folder, folder / "a.txt", folder)
    assert sorted(files) == ["f/a.txt", "f/below/b.txt", "f/outside/c.txt"]
    assert not refused
    assert notes == ("1 link that leads to no file was left out.", "3 files and folders were there twice.")


def test_what_somebody_named_is_never_left_out_silently(tmp_path, found):
    (tmp_path / "nothing").mkdir()
    paths = [write(tmp_path / "empty.txt", b""), tmp_path / "nothing", tmp_path / "gone.txt"]
    paths += [write(tmp_path / ".hidden.txt", "text"), archive(tmp_path / "none.zip", {})]
    files, refused, _ = found(*paths)
    assert files == [".hidden.txt"]
    assert list(refused) == ["empty.txt", "nothing", "gone.txt", "none.zip"]
    assert "is empty" in refused["empty.txt"]
    assert "has no files in it" in refused["nothing"]
    assert "is not there" in refused["gone.txt"]
    assert "has no files in it" in refused["none.zip"]


def test_an_archive_is_unpacked(tmp_path, gathered):
    inner = archive(tmp_path / "inner.zip", {"b.txt": "text"}).read_bytes()
    path = archive(
        tmp_path / "all.zip",
        {
            "x/a.txt": "text of it",
            "__MACOSX/x/._a.txt": "x",
            "empty.txt": "",
            "con.txt": "device",
            "inner.zip": inner,
            "photo.png": b"\x89PNG\r\n\x1a\n",
            "Grüße.md": "# Hallo",
        },
    )
    result = gathered(path)
    assert [file.name for file in result.files] == ["all.zip/con.txt", "all.zip/Grüße.md", "all.zip/x/a.txt"]
    assert result.files[2].path.read_text() == "text of it"
    assert [file.path.name for file in result.files] == ["_con.txt", "Grüße.md", "a.txt"]
    assert all(file.path.is_relative_to(tmp_path / "unpacked") for file in result.files)
    assert [refused.name for refused in result.refused] == ["all.zip/inner.zip", "all.zip/photo.png"]
    assert "is an archive" in result.refused[0].sentence
    assert result.notes == ("1 hidden file or folder was left out.", "1 empty file was left out: empty.txt.")
    assert sum(path.is_file() for path in (tmp_path / "unpacked").rglob("*")) == 3


def test_an_archive_in_a_folder(tmp_path, found):
    folder = fill(tmp_path / "f", "b.txt")
    archive(folder / "a.zip", {"x.txt": "text"})
    assert sorted(found(folder)[0]) == ["f/a.zip/x.txt", "f/b.txt"]


def test_names_that_lead_out_of_an_archive(tmp_path, found):
    names = ["../a.txt", "x/../../b.txt", "/c.txt", "C:\\d.txt", "..\\e.txt", "good.txt"]
    files, refused, _ = found(archive(tmp_path / "a.zip", dict.fromkeys(names, "text")))
    assert files == ["a.zip/good.txt"]
    assert len(refused) == 5
    assert all("leads out of its archive" in sentence for sentence in refused.values())
    files_outside = {path for path in tmp_path.rglob("*") if path.is_file()} - set((tmp_path / "unpacked").rglob("*"))
    assert files_outside == {tmp_path / "a.zip"}


def test_links_in_an_archive(tmp_path, found):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
    files, refused, notes = found(tmp_path / "a.zip")
    assert (files, refused, notes) == ([], {}, ("1 link that leads to no file was left out.",))


def test_names_without_a_mark_of_their_encoding(tmp_path, found):
    path = archive(tmp_path / "a.zip", {"Gr__e.txt": "x"})  # as Linux and macOS write: UTF-8 that is not marked
    write(path, path.read_bytes().replace(b"Gr__e.txt", "Grüe.txt".encode()))
    assert found(path)[0] == ["a.zip/Grüe.txt"]
    path = archive(tmp_path / "b.zip", {"Gr_e.txt": "x"})
    write(path, path.read_bytes().replace(b"Gr_e.txt", "Grüe.txt".encode("cp437")))
    assert found(path)[0] == ["b.zip/Grüe.txt"]


def test_archives_that_are_refused(tmp_path, found):
    bomb = archive(tmp_path / "bomb.zip", {"a.txt": b" " * 210_000_000})
    locked = archive(tmp_path / "locked.zip", {"a.txt": "secret"})
    write(locked, locked.read_bytes().replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"))
    whole = archive(tmp_path / "cut.zip", {"a.txt": "text" * 100}).read_bytes()
    files, refused, _ = found(bomb, locked, write(tmp_path / "cut.zip", whole[:-30]))
    assert not files
    assert "unpacks to 210 MB" in refused["bomb.zip"]
    assert "is protected by a password" in refused["locked.zip"]
    assert "or it is damaged" in refused["cut.zip"]


def test_a_file_that_is_damaged_in_its_archive(tmp_path, found):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.txt", "one two three")
        file.writestr("b.txt", "four five six")
    write(path, path.read_bytes().replace(b"two", b"TWO"))
    files, refused, _ = found(path)
    assert files == ["a.zip/b.txt"]
    assert "is damaged in its archive" in refused["a.zip/a.txt"]


def test_no_room_for_what_is_unpacked(tmp_path, found):
    path = archive(tmp_path / "a.zip", {"a.txt": "text"})
    write(tmp_path / "unpacked", "a file in the way")
    with pytest.raises(KnownError, match=r"could not unpack a\.zip") as caught:
        found(path)
    assert caught.value.kind is not ErrorKind.BUG


def test_nothing_is_nothing(gathered):
    assert gathered() == Gathered(files=(), refused=(), notes=())


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 200)), min_size=2, unique=True))
def test_numbers_in_names_count(pairs):
    names = [f"folder/{letter}{number}.txt" for letter, number in pairs]
    assert sorted(names, key=natural_key) == [f"folder/{letter}{number}.txt" for letter, number in sorted(pairs)]


def test_of_many_empty_files_some_are_named(tmp_path, gathered):
    folder = fill(tmp_path / "reports", "a.txt")
    for n in range(7):
        write(folder / f"{n}.txt", b"")
    (note,) = gathered(folder).notes
    assert note.startswith("7 empty files were left out: reports/")
    assert note.endswith(" and 2 more.")
