"""What a command's exit code means. Besides these: 130 Ctrl-C, 143 told to end (SIGTERM)."""

from __future__ import annotations

OK, FAILED, USAGE, SOME_FAILED, BUG = 0, 1, 2, 3, 70

MEANINGS = """exit codes:
  0    all of it is done
  1    it could not be done; standard error says why
  2    the command line is wrong
  3    it is done, but some documents or items failed; standard error names them
  130  stopped with Ctrl-C: a job goes on with “rubato jobs run ID”, or in the window
"""
