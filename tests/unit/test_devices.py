"""Which GPU is used, and what is missing where one is not. Machines are data."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.engine.devices import (
    Build,
    Facts,
    built_in,
    findings,
    install_line,
    look,
    reorders,
    windows_gpus,
)


def machine(system: str = "Linux", **facts: object) -> Facts:
    return Facts(system=system, processor="x86_64", **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (machine(), "the processor computes"),
        (
            machine(gpus=("NVIDIA",), drivers=frozenset({Build.CUDA}), libraries=("libggml-cuda.so",)),
            "A GPU of NVIDIA: used, through CUDA.",
        ),
        (machine(gpus=("NVIDIA",) * 2, drivers=frozenset({Build.CUDA})), "2 GPUs of NVIDIA: not used, this llama.cpp"),
        (machine(gpus=("NVIDIA",), libraries=("libggml-cuda.so",)), "its driver for CUDA is not installed"),
        (
            machine(gpus=("NVIDIA",), drivers=frozenset({Build.CUDA, Build.VULKAN}), libraries=("ggml-vulkan.dll",)),
            "used, through Vulkan",
        ),
        (machine(gpus=("AMD",), drivers=frozenset({Build.ROCM, Build.VULKAN})), "/rocm72"),
        (machine(gpus=("AMD",), drivers=frozenset({Build.VULKAN})), "/vulkan"),
        (machine(gpus=("Intel",), drivers=frozenset({Build.VULKAN})), "/vulkan"),
        (machine("Windows", gpus=("NVIDIA",), drivers=frozenset({Build.CUDA})), "/cu125"),
        (machine("Darwin", gpus=("Apple",), drivers=frozenset({Build.METAL})), "/metal"),
        (
            machine("Darwin", gpus=("Apple",), drivers=frozenset({Build.METAL}), libraries=("libggml-metal.dylib",)),
            "used, through Metal",
        ),
    ],
)
def test_one_sentence_says_what_is_used_or_missing(facts: Facts, said: str) -> None:
    (sentence,) = findings(facts)
    assert said in sentence


def test_the_line_to_install_touches_nothing_but_this_package_in_this_version() -> None:
    facts = machine(gpus=("NVIDIA",), drivers=frozenset({Build.CUDA}))
    (sentence,) = findings(facts, "/here/.venv/bin/python -m pip", "0.3.36")
    assert (
        "with: /here/.venv/bin/python -m pip install --force-reinstall --no-deps llama-cpp-python==0.3.36 " in sentence
    )
    assert install_line(Build.ROCM, machine("Windows")).endswith("/hip-radeon")


def test_the_readme_names_the_wheels_of_each_build() -> None:
    said = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for build in Build:
        assert f"| {build.value} | `{install_line(build, machine()).rpartition('/')[2]}` |" in said


def test_on_windows_a_makers_driver_tells_of_its_gpu(tmp_path: Path) -> None:
    assert windows_gpus(tmp_path) == ()
    (tmp_path / "nvcuda.dll").touch()
    assert windows_gpus(tmp_path) == ("NVIDIA",)


def test_each_maker_is_told_of() -> None:
    sentences = findings(machine(gpus=("Intel", "NVIDIA"), drivers=frozenset({Build.CUDA})))
    assert ["Intel" in sentences[0], "NVIDIA" in sentences[1]] == [True, True]


def test_this_machine_can_be_looked_at() -> None:
    facts = look()
    assert any("llama" in name for name in facts.libraries)
    assert built_in(facts) <= set(Build)
    assert all(sentence.count("\n") == 0 for sentence in findings(facts))


def test_kinds_that_are_reordered_depend_on_the_processor() -> None:
    assert "Q4_0" in reorders(machine(processor_flags=frozenset({"avx2"})))
    assert not reorders(machine())


def test_a_package_has_no_pip_to_name() -> None:
    (sentence,) = findings(machine(gpus=("NVIDIA",), drivers=frozenset({Build.CUDA}), is_packaged=True))
    assert "not used" in sentence
    assert "pip" not in sentence
