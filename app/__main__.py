"""The program's one entrance: the window, a command, or a child process. Imports nothing heavy itself."""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Run what the arguments ask for and return the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments[:1] == ["child"]:
        return _child(arguments[1], arguments[2:])
    from app.cli.main import main as command_line

    return command_line(arguments)


def _child(role: str, arguments: list[str]) -> int:
    if role == "engine":
        from app.engine.process.main import main as engine

        return engine(arguments)
    if role == "read":
        from app.ingest.process import main as read

        return read(arguments)
    if role == "download":
        from app.downloads.process import main as download

        return download(arguments)
    print(f"rubato: no child process is called {role}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
