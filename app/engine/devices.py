"""Which processors compute: what this build of llama.cpp can use, what is in the machine, what is missing for it. Pure,
but for `look`, which gathers the facts without loading llama.cpp or any driver.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import platform
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Build(Enum):
    """Kinds of GPUs' languages that llama.cpp can be built for."""

    CUDA = "CUDA"
    METAL = "Metal"
    VULKAN = "Vulkan"
    ROCM = "ROCm"


_LIBRARIES = {"ggml-cuda": Build.CUDA, "ggml-metal": Build.METAL, "ggml-vulkan": Build.VULKAN, "ggml-hip": Build.ROCM}
_VENDORS = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel", "0x106b": "Apple"}
_WHEELS = "https://abetlen.github.io/llama-cpp-python/whl"
_INDEXES = {Build.CUDA: "cu125", Build.METAL: "metal", Build.VULKAN: "vulkan", Build.ROCM: "rocm72"}
_WINDOWS_FILES = {"NVIDIA": "nvcuda.dll", "AMD": "atiadlxx.dll"}  # of its maker's driver, in System32


@dataclass(frozen=True, kw_only=True)
class Facts:
    """`gpus`: their makers, one a GPU. `drivers`: which builds the installed drivers would serve.

    `is_packaged`: there is no pip to install another build with.
    """

    system: str  # as platform.system() says
    processor: str
    processor_flags: frozenset[str] = frozenset()
    libraries: tuple[str, ...] = ()
    gpus: tuple[str, ...] = ()
    drivers: frozenset[Build] = frozenset()
    is_packaged: bool = False


def built_in(facts: Facts) -> frozenset[Build]:
    return frozenset(build for stem, build in _LIBRARIES.items() if any(stem in name for name in facts.libraries))


def best_build(maker: str, facts: Facts) -> Build:
    """For a GPU of this maker."""
    if facts.system == "Darwin":
        return Build.METAL
    if maker == "NVIDIA":
        return Build.CUDA
    if maker == "AMD" and Build.ROCM in facts.drivers:
        return Build.ROCM
    return Build.VULKAN


def install_line(build: Build, facts: Facts, pip: str = "pip", version: str = "") -> str:
    """What brings this build, in the version that is here and without touching other packages."""
    named = f"llama-cpp-python=={version}" if version else "llama-cpp-python"
    index = "hip-radeon" if build is Build.ROCM and facts.system == "Windows" else _INDEXES[build]
    return f"{pip} install --force-reinstall --no-deps {named} --extra-index-url {_WHEELS}/{index}"


def findings(facts: Facts, pip: str = "pip", version: str = "") -> list[str]:
    """One sentence for each kind of GPU in the machine: used, or what is missing and how that is installed.

    `pip`: of the environment that Rubato runs in; `version`: of llama-cpp-python in it.
    """
    has = built_in(facts)
    if not facts.gpus:
        return ["No GPU was found: the processor computes."]
    sentences = []
    for maker in dict.fromkeys(facts.gpus):
        n = facts.gpus.count(maker)
        name = f"{n} GPUs of {maker}" if n > 1 else f"A GPU of {maker}"
        build = best_build(maker, facts)
        usable = {build, Build.VULKAN} & has & facts.drivers
        if usable:
            sentences.append(f"{name}: used, through {min(usable, key=lambda b: b is not build).value}.")
        elif build not in facts.drivers:
            sentences.append(f"{name}: not used, its driver for {build.value} is not installed. Install that first.")
        elif facts.is_packaged:
            sentences.append(f"{name}: not used, this package computes on the processor only. The source can use it.")
        else:
            sentences.append(
                f"{name}: not used, this llama.cpp is built without {build.value}. Install that with: "
                f"{install_line(build, facts, pip, version)}"
            )
    return sentences


def own_findings() -> list[str]:
    """Of this machine, this environment and this llama.cpp."""
    try:
        version = importlib.metadata.version("llama-cpp-python")
    except importlib.metadata.PackageNotFoundError:
        version = ""
    return findings(look(), f"{sys.executable} -m pip", version)


def reorders(facts: Facts) -> frozenset[str]:
    """Kinds of weights that llama.cpp keeps a second time, in an order for this processor."""
    if facts.processor.lower() in ("arm64", "aarch64"):
        return frozenset({"Q4_0", "Q4_K", "Q8_0", "IQ4_NL"}) if "asimddp" in facts.processor_flags else frozenset()
    return frozenset({"Q4_0", "Q4_K", "IQ4_NL"}) if "avx2" in facts.processor_flags else frozenset()


def reordered_kinds() -> frozenset[str]:
    """On this machine."""
    return reorders(look())


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """`is_unified`: its memory is the computer's own."""

    name: str
    free_bytes: int
    is_unified: bool = False


# the facts


def look() -> Facts:
    return Facts(
        system=platform.system(),
        processor=platform.machine(),
        processor_flags=_processor_flags(),
        libraries=_libraries(),
        gpus=_gpus(Path("/sys/bus/pci/devices")) if platform.system() != "Windows" else windows_gpus(_system32()),
        drivers=_drivers(Path("/"), platform.system()),
        is_packaged=getattr(sys, "frozen", False),
    )


def _libraries() -> tuple[str, ...]:
    spec = importlib.util.find_spec("llama_cpp")
    folders = [Path(folder) / "lib" for folder in spec.submodule_search_locations or ()] if spec else []
    return tuple(file.name for folder in folders if folder.is_dir() for file in sorted(folder.iterdir()))


def _processor_flags() -> frozenset[str]:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith(("flags", "Features")):
                return frozenset(line.partition(":")[2].split())
    is_x86 = platform.machine().lower() in ("x86_64", "amd64")
    return frozenset({"avx2"} if is_x86 else {"asimddp"})  # nearly all that are in use


def _gpus(devices: Path) -> tuple[str, ...]:
    if platform.system() == "Darwin":
        return ("Apple",)
    makers = []
    with contextlib.suppress(OSError):
        for device in sorted(devices.iterdir()):
            with contextlib.suppress(OSError):
                if (device / "class").read_text().startswith("0x03"):
                    maker = _VENDORS.get((device / "vendor").read_text().strip())
                    if maker is not None:
                        makers.append(maker)
    return tuple(makers)


def windows_gpus(system32: Path) -> tuple[str, ...]:
    """Makers whose drivers are installed (not run yet)."""
    return tuple(maker for maker, file in _WINDOWS_FILES.items() if (system32 / file).exists())


def _system32() -> Path:
    return Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32"


def _drivers(root: Path, system: str) -> frozenset[Build]:
    if system == "Darwin":
        return frozenset({Build.METAL})
    if system == "Windows":
        folder = _system32()
        files = {Build.CUDA: folder / "nvcuda.dll", Build.VULKAN: folder / "vulkan-1.dll"}
        return frozenset(build for build, file in files.items() if file.exists())
    places = {
        Build.CUDA: ["proc/driver/nvidia/version"],
        Build.ROCM: ["dev/kfd"],
        Build.VULKAN: ["usr/share/vulkan/icd.d", "etc/vulkan/icd.d"],
    }
    return frozenset(build for build, names in places.items() if any((root / name).exists() for name in names))
