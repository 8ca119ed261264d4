"""The manual page, made of the command line's own grammar, so that it says what `rubato --help` says."""

from __future__ import annotations

import argparse
import sys

from app import __version__
from app.cli.codes import MEANINGS
from app.cli.options import parser

HEAD = r""".TH RUBATO 1 "" "Rubato {version}" "User Commands"
.SH NAME
rubato \- private assistant: a chat and a queue of documents on one local engine
.SH SYNOPSIS
.B rubato
[\fIOPTION\fR]... [\fICOMMAND\fR [\fIARGUMENT\fR]...]
.SH DESCRIPTION
Without a command the window opens; without a display, a conversation in the terminal. Answers go to standard output,
everything else to standard error. While the window is open, commands use its engine: a model is never loaded twice.
Nothing is fetched from the network but a model that you asked for.
"""
TAIL = r""".SH FILES
.TP
.I ~/.local/share/rubato
Chats, jobs, settings and models. "rubato doctor" names this folder and that of the logs.
.TP
.I /usr/share/doc/rubato
Change log, licences.
.SH BUGS
"rubato doctor" checks this machine, the profile and the engine.
"""


def escape(text: str) -> str:
    """As roff shows it unchanged."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    return "\n".join(rf"\&{line}" if line.startswith((".", "'")) else line for line in escaped.splitlines())


def options(grammar: argparse.ArgumentParser) -> str:
    """One paragraph for each option that has a help text."""
    lines = []
    for action in grammar._actions:
        is_command = isinstance(action, argparse._SubParsersAction)
        if action.help in (None, argparse.SUPPRESS) or is_command or "--help" in action.option_strings:
            continue
        value = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
        named = ", ".join(rf"\fB{escape(name)}\fR" for name in action.option_strings)
        shown = rf" \fI{escape(str(value))}\fR" if value and action.nargs != 0 else ""
        help_text = escape(action.help % {"default": action.default, "prog": "rubato"})
        lines.append(f".TP\n{(named + shown).strip()}\n{help_text}\n")
    return "".join(lines)


def page() -> str:
    """The whole page in roff."""
    top = parser()
    commands = next(action for action in top._actions if isinstance(action, argparse._SubParsersAction))
    helps = {choice.dest: choice.help or "" for choice in commands._choices_actions}
    parts = [HEAD.format(version=__version__), ".SH OPTIONS\n", options(top), ".SH COMMANDS\n"]
    for name, grammar in commands.choices.items():
        usage = " ".join(grammar.format_usage().split()).removeprefix("usage: ")
        parts.append(f".SS {escape(name)}\n{escape(helps.get(name, ''))}\n.PP\n.RS\n{escape(usage)}\n.RE\n")
        parts.append(options(grammar))
    return "".join([*parts, ".SH EXIT STATUS\n.nf\n", escape(MEANINGS), "\n.fi\n", TAIL])


if __name__ == "__main__":
    sys.stdout.write(page())
