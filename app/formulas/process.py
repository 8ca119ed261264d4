"""The process that draws formulas. What a model writes may take any time and memory here: the window ends it then."""

from __future__ import annotations

import contextlib
import os
import sys
import threading

from app import children, wire
from app.formulas.messages import INK, DrawFormula, FormulaDrawn, FormulaRefused, FormulasReady

MEMORY_BYTES = 1 << 30
MOST_SECONDS = 10.0  # the window that would end it sooner may be gone
_SIZE = 50.0  # of the letters in a drawing, in its own units
_LARGEST = 200.0  # a drawing may be so many times as wide or high as a letter


def main() -> int:
    """Answer until the input ends."""
    pipe_in, pipe_out = children.claim_pipes()
    _limit_memory()
    from ziamath.config import config

    config.svg2 = False  # Qt's renderer knows the simpler SVG
    decoder = wire.Decoder[DrawFormula](DrawFormula)
    pipe_out.write(wire.encode(FormulasReady()))
    for line in pipe_in:
        watch = threading.Timer(MOST_SECONDS, os._exit, args=(1,))
        watch.daemon = True
        watch.start()
        pipe_out.write(wire.encode(answer(decoder.decode(line))))
        watch.cancel()
    return 0


def answer(task: DrawFormula) -> FormulaDrawn | FormulaRefused:
    """One drawing, or why there is none."""
    from ziamath.zmath import Latex

    try:
        made = Latex(task.latex, size=_SIZE, color=INK, inline=not task.is_display, margin=0)
        if any("\\" in (part.text or "") for part in made.mathml.iter()):
            return FormulaRefused(id=task.id, reason="a command that is not known")
        svg, box = made.svg(), made.node.bbox
    except MemoryError:
        os._exit(1)
    except RecursionError:
        return FormulaRefused(id=task.id, reason="too deep")
    except Exception as error:  # whatever a library finds wrong with what a model wrote
        return FormulaRefused(id=task.id, reason=str(error)[:200] or type(error).__name__)
    width, ascent, descent = (box.xmax - box.xmin) / _SIZE, box.ymax / _SIZE, -box.ymin / _SIZE
    if not (0 < width <= _LARGEST and 0 < ascent + descent <= _LARGEST):
        return FormulaRefused(id=task.id, reason="nothing to be seen, or too large")
    return FormulaDrawn(id=task.id, svg=svg, width=width, ascent=ascent, descent=descent)


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
