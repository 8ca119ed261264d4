"""A download that is killed again and again, at random: is the file right in the end, and how much came twice?

`python -m tests.downloads.killed_at_random [MEGABYTES [KILLS [MEGABYTES A SECOND]]]` prints the figures; without words
100 MB, 50 kills, 2 MB a second. The bytes are counted by the hub when it has sent them, so that those count too which
nobody had read when the process was killed: of a fast line, or on a machine that does much else, those are more.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from app.downloads.download import place_files
from app.downloads.messages import FileGroup, RepositoryFile
from app.errors import KnownError
from app.paths import Paths, profile_paths
from tests.downloads.local_hub import REPOSITORY, REVISION, LocalHub, model_bytes


@dataclass(frozen=True)
class Outcome:
    is_right: bool
    kills: int
    connections: int
    size_bytes: int
    sent_bytes: int

    @property
    def twice(self) -> float:
        """The share of the file that came more than once."""
        return self.sent_bytes / self.size_bytes - 1


def download_killed(
    hub: LocalHub, paths: Paths, content: bytes, kills: int, *, bytes_per_second: float, seed: int
) -> Outcome:
    """`kills` times, each after a part of the file that is drawn by chance, then to its end."""
    chance = random.Random(seed)
    hub.files = {"m-Q4_0.gguf": content}
    hub.bytes_per_second = bytes_per_second
    facts = RepositoryFile(path="m-Q4_0.gguf", size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    group = FileGroup(repository=REPOSITORY, revision=REVISION, name="m", quantisation="Q4_0", files=(facts,))
    killed = 0

    async def one(n_bytes: int) -> None:
        nonlocal killed
        sent = hub.when_sent(n_bytes)
        download = asyncio.create_task(place_files(group, paths))
        waiting = asyncio.create_task(asyncio.to_thread(sent.wait, 60))
        await asyncio.wait([download, waiting], return_when=asyncio.FIRST_COMPLETED)
        for child in psutil.Process().children() if not download.done() else []:
            child.kill()
            killed += 1
        with contextlib.suppress(KnownError):
            await download
        sent.set()
        await waiting

    for _ in range(kills):
        asyncio.run(one(chance.randint(1, int(1.8 * len(content) / (kills + 1)))))
    file = asyncio.run(place_files(group, paths))
    return Outcome(
        is_right=file.read_bytes() == content,
        kills=killed,
        connections=len(hub.downloads()),
        size_bytes=len(content),
        sent_bytes=hub.sent_bytes,
    )


def main(arguments: list[str]) -> int:
    megabytes, kills, rate = (int(word) for word in (*arguments, *("100", "50", "2")[len(arguments) :]))
    hub = LocalHub()
    os.environ["HF_ENDPOINT"] = hub.url
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_HOME"] = folder
        began = time.monotonic()
        outcome = download_killed(
            hub,
            profile_paths(Path(folder)),
            model_bytes(megabytes * 1_000_000),
            kills,
            bytes_per_second=rate * 1e6,
            seed=random.randrange(1 << 32),
        )
        print(f"{outcome.size_bytes / 1e6:.0f} MB, killed {outcome.kills} times, {outcome.connections} connections")
        print(f"the file is {'right' if outcome.is_right else 'WRONG'}; {outcome.twice:.2%} of the bytes came twice")
        print(f"{time.monotonic() - began:.0f} s")
    hub.close()
    return 0 if outcome.is_right and outcome.twice <= 0.05 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
