"""What libraries warn of goes into the log file, never onto the terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import asyncio, gc, logging, sys, warnings
from pathlib import Path
from app import logs

logs.start(Path(sys.argv[1]), "first")
logs.start(Path(sys.argv[1]), "command")

async def fail():
    raise ValueError("nobody asked")

async def main():
    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()

asyncio.run(main())
warnings.warn("an old way")
logging.getLogger("a.library").warning("something odd: caf\\udce9")
logging.getLogger("a.library").info("chatter")
logs.topic("core").info("our own")
"""


def test_what_libraries_and_asyncio_report_is_in_the_log_file_and_not_on_the_terminal(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    log = (tmp_path / "command.log").read_text()
    for words in ("Task exception was never retrieved", "an old way", "caf\\udce9", "our own"):
        assert log.count(words) == 1, words
    assert "chatter" not in log
    assert not (tmp_path / "first.log").exists()
