"""The targets of the Makefile: `python3 packaging/targets.py run`, and so on. Where there is no make, call this.

The standard library only, and no syntax newer than Python 3.7, so that a Python that is too old can still say so.
Every target first makes what is missing, says what it does, and hides no program's output or exit code.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import deb
import environment
import frozen
import machine
import variants
from environment import StepFailed, program


def prepare(*, for_window: bool = False, needs_qt: bool = True) -> None:
    """See that the environment, the system's libraries and the starter model are there. Raises StepFailed."""
    python = machine.find_python()
    if python is None:
        raise StepFailed(
            f"Rubato needs Python 3.11 or newer; this is {sys.version.split()[0]} and no newer one was found.\n"
            f"Where the system has one:\n\n    {machine.install_line([machine.NEWER_PYTHON])}\n\n"
            "Else install one from elsewhere, and name it: make setup PYTHON=/path/to/python3"
        )
    is_made = environment.is_up_to_date()
    needs = [] if is_made else machine.missing_for_environment(python)
    if needs_qt:
        needs += machine.missing_libraries(for_window=for_window)
    if needs:
        _bring(needs)
    if is_made:
        print("The environment in .venv is up to date.", flush=True)
    else:
        print(
            f"Setting up Rubato in {environment.ROOT}, with Python {machine.python_version(python)}",
            flush=True,
        )
        environment.make(python)
        if needs_qt:
            environment.check_qt()
        environment.step("Putting the starter model in place", "93 MB, once")
    environment.place_starter_model()


def _bring(needs: list[machine.Need]) -> None:
    names = ", ".join(need.what for need in needs)
    if machine.can_install():
        environment.step(f"Installing system packages: {names}", "a minute")
        if machine.install(needs):
            return
        raise StepFailed(f"They could not be installed. By hand:\n\n    {machine.install_line(needs)}\n")
    raise StepFailed(
        f"This machine lacks {names}.\nCopy this line, then run the same again:\n\n    {machine.install_line(needs)}\n"
    )


def setup() -> int:
    """Everything that can be made beforehand."""
    prepare(for_window=True)
    print(f"\nReady. The program is {program('rubato')}; `make run` opens it.")
    return 0


def run() -> int:
    """The window; without a display the same assistant in the terminal."""
    shown = machine.has_display()
    if not shown:
        print(
            "There is no display here (DISPLAY and WAYLAND_DISPLAY are not set): Rubato opens in the terminal.",
            flush=True,
        )
    prepare(for_window=shown, needs_qt=shown)
    command = [program("rubato")] if shown else [program("rubato"), "chat"]
    print("+ " + " ".join(command), flush=True)
    if os.name == "posix":
        os.execv(command[0], command)  # signals and exit code are the program's own
    return subprocess.run(command).returncode


def _pytest() -> list[str]:
    return [program("python"), "-m", "pytest", "--numprocesses", "auto", "--dist", "loadgroup"]


def test() -> int:
    """The tests, without a screen."""
    prepare()
    return _say_and_run(_pytest())


def check() -> int:
    """What CI runs: every check, even after one has failed."""
    prepare()
    commands = [
        [program("ruff"), "check"],
        [program("ruff"), "format", "--check"],
        [program("mypy")],
        [program("mypy"), "packaging"],
        [program("lint-imports")],
        _pytest(),
    ]
    failed = [" ".join(command) for command in commands if _say_and_run(command) != 0]
    for command in failed:
        print(f"failed: {command}")
    return 1 if failed else 0


def screenshots() -> int:
    """The pictures of the README; `screenshots FILE` summarises that document in them. `--states`: all the others."""
    prepare()
    if sys.argv[2:3] == ["--states"]:
        return _say_and_run([program("python"), "packaging/screen_states.py", *sys.argv[3:]])
    return _say_and_run([program("python"), "packaging/screenshots.py", *sys.argv[2:]])


def languages() -> int:
    """assets/languages/*.po, from what the window says; `languages fr` begins another one."""
    prepare(needs_qt=False)
    return _say_and_run([program("python"), "packaging/languages.py", *sys.argv[2:]])


def licenses() -> int:
    """packaging/LICENSES.md, from what is installed."""
    prepare(needs_qt=False)
    return _say_and_run([program("python"), "packaging/licenses.py"])


def package() -> int:
    """A program that needs no Python, and the Debian package of it: dist/rubato_VERSION_amd64.deb."""
    if not sys.platform.startswith("linux") or not shutil.which("dpkg-deb"):
        raise StepFailed(
            "`make package` makes a Debian package, on Debian 12 and what is like it. packaging/README.md says how the "
            "packages for Windows and macOS are made, on these."
        )
    prepare(needs_qt=False)
    needs = machine.missing_for_package(program("python"))
    if needs:
        _bring(needs)
    made = deb.make(frozen.make(variants.engine_folder(), _starter_model()), _starter_model().name)
    print(f"\nReady: apt install {made}")
    return 0


def _starter_model() -> Path:
    """The checked file that `prepare` has put in place."""
    code = (
        "from app.downloads import catalogue, models_folder; from app.paths import user_paths; "
        "print(models_folder.find_model(catalogue.load().entry(catalogue.STARTER_ID), user_paths()))"
    )
    answer = subprocess.run([program("python"), "-c", code], cwd=str(environment.ROOT), stdout=subprocess.PIPE)
    return Path(answer.stdout.decode().strip())


def test_package() -> int:
    """The tests of the package that was made last, in a bare Debian; needs root and debootstrap."""
    prepare()
    return _say_and_run([program("python"), "-m", "pytest", "tests/packaged", *sys.argv[2:]])


def lock() -> int:
    """requirements.lock, from pyproject.toml; `lock --upgrade` takes newer versions where there are some."""
    environment.lock(machine.find_python() or sys.executable, *sys.argv[2:])
    return 0


def _say_and_run(command: list[str]) -> int:
    print("\n+ " + " ".join(command), flush=True)
    return subprocess.run(
        command, cwd=str(environment.ROOT), env=dict(os.environ, QT_QPA_PLATFORM="offscreen")
    ).returncode


TARGETS = {
    "setup": setup,
    "run": run,
    "test": test,
    "check": check,
    "screenshots": screenshots,
    "languages": languages,
    "licenses": licenses,
    "lock": lock,
    "package": package,
    "test-package": test_package,
}


def main() -> int:
    """Run the target that the first argument names."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        print("usage: targets.py " + " | ".join(TARGETS))
        return 2
    try:
        return TARGETS[sys.argv[1]]()
    except StepFailed as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. What was done is kept; run it again to go on.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
