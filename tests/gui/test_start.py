"""What a start of the window does not wait for."""

from __future__ import annotations

import subprocess
import sys

LATER = (
    "app.cli.main",
    "app.core.core",
    "app.core.jobs",
    "app.core.kinds",
    "app.engine.process",
    "app.ingest",
    "app.lab",
    "app.gui.lab",
    "app.gui.settings_dialog",
    "app.gui.job_page",
    "app.gui.summary_view",
    "app.gui.new_job.dialog",
    "markdown_it",
    "pygments",
    "numpy",
    "psutil",
    "sqlite3",
    "huggingface_hub",
)


def test_the_window_imports_nothing_that_it_does_not_show_at_first() -> None:
    script = (
        "import sys\n"
        "from app.cli import open_window, options\n"
        "options.parse(['--engine', 'fake'])\n"
        "import app.gui.app\n"
        f"later = {LATER!r}\n"
        "print([name for name in sys.modules if any(name == l or name.startswith(l + '.') for l in later)])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
