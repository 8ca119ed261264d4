"""What llama.cpp computes with: made ready once, before anything else of it is used.

A build for one machine has its processor compiled in. A build for many (GGML_BACKEND_DL, as in the packages) has a
library for each generation of processors beside libggml, each of which says whether it can run here and how well; ggml
takes the best, and llama-cpp-python loads none of them by itself.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path

import llama_cpp._ggml as ggml_door
import llama_cpp.llama_cpp as llama

from app.errors import ErrorKind, KnownError
from app.logs import topic

log = topic("engine")


@cache
def start() -> None:
    """Raises KnownError where no library can compute here."""
    llama.llama_backend_init()
    # asked through libllama where the system can: its libggml may be another copy than libggml.so, with another list
    ggml = llama._lib if os.name == "posix" else ggml_door.libggml
    count = ggml.ggml_backend_reg_count
    count.restype = ctypes.c_size_t
    if count() == 0:
        load = ggml.ggml_backend_load_all_from_path
        load.argtypes, load.restype = [ctypes.c_char_p], None
        load(os.fsencode(Path(ggml_door.__file__).parent / "lib"))
        if count() == 0:
            raise KnownError(
                ErrorKind.ENGINE_CRASHED,
                "The part of Rubato that computes on this processor is missing or damaged. Install Rubato again.",
            )
    log.debug("computing with %s", llama.llama_print_system_info().decode("utf-8", "replace"))
