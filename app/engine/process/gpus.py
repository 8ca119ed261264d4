"""The GPUs that this build of llama.cpp computes with, and their free memory: asked of ggml through ctypes."""

from __future__ import annotations

import ctypes
import os
from typing import Any

from app.engine.devices import Gpu
from app.logs import topic

log = topic("engine")

_GPU, _INTEGRATED = 1, 2  # enum ggml_backend_dev_type


def gpus() -> list[Gpu]:
    """In the order in which llama.cpp fills them; integrated ones only where there is no other, as it does."""
    try:
        found = _devices()
    except (AttributeError, OSError):  # another ggml than the one this was written for
        log.exception("the GPUs could not be listed; the processor computes")
        return []
    return [gpu for gpu in found if not gpu.is_unified] or found


def _devices() -> list[Gpu]:
    from llama_cpp import _ggml, llama_cpp
    from llama_cpp._ctypes_extensions import load_shared_library

    from app.engine.process import llama_backends

    llama_backends.start()
    libraries = [llama_cpp._lib if os.name == "posix" else _ggml.libggml]
    if not hasattr(libraries[0], "ggml_backend_dev_memory"):  # Windows looks into one library only
        libraries.append(load_shared_library("ggml-base", _ggml.libggml_base_path))

    def function(name: str, result: Any, *arguments: Any) -> Any:
        made: Any = next(getattr(library, name) for library in libraries if hasattr(library, name))
        made.restype, made.argtypes = result, arguments
        return made

    device, size = ctypes.c_void_p, ctypes.c_size_t
    count = function("ggml_backend_dev_count", size)
    get = function("ggml_backend_dev_get", device, size)
    kind = function("ggml_backend_dev_type", ctypes.c_int, device)
    name = function("ggml_backend_dev_description", ctypes.c_char_p, device)
    memory = function("ggml_backend_dev_memory", None, device, ctypes.POINTER(size), ctypes.POINTER(size))
    made = []
    for index in range(count()):
        one = get(index)
        if kind(one) not in (_GPU, _INTEGRATED):
            continue
        free, total = size(), size()
        memory(one, ctypes.byref(free), ctypes.byref(total))
        said = name(one).decode("utf-8", "replace")
        is_unified = kind(one) == _INTEGRATED or said.startswith("Apple")
        made.append(Gpu(name=said, free_bytes=free.value, is_unified=is_unified))
    return made
