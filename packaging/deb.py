"""The Debian package: the program's folder with what a desktop wants to know of it, and the packages it depends on.

Part of `make package`: the standard library only; dpkg-deb and objdump do the work.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import debian_libraries
import variants
from environment import ROOT, StepFailed, program, step

OUTPUT = ROOT / "dist"
_LINUX = Path(__file__).with_name("linux")
_CONTROL = """\
Package: rubato
Version: {version}
Architecture: amd64
Maintainer: The Rubato authors <maintainers@rubato.invalid>
Installed-Size: {kilobytes}
Depends: {depends}
Recommends: ca-certificates
Suggests: libenchant-2-2, fonts-noto-core, fonts-noto-cjk, fonts-noto-color-emoji
Section: utils
Priority: optional
Description: private assistant for your own computer
 A chat with a language model that answers at once, and a durable queue that
 works documents through beside it, on one local engine. Nothing you write
 leaves the computer. A small model is part of the package, so that it works
 without a network and without an account.
"""
# told apart by version, since an older one is missing what newer compilers put into programs
_VERSIONED = ("libc6", "libstdc++6")
# loaded by name at run time, so that no file says it needs them
_LOADED_BY_NAME = ("libGL.so.1", "libEGL.so.1", "libwayland-cursor.so.0", "libwayland-egl.so.1")


def make(folder: Path, model_name: str) -> Path:
    """The package from the program's folder. Raises StepFailed."""
    version = _version()
    step("Laying out the Debian package", "seconds")
    tree = variants.BUILD / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    place = tree / "usr/lib/rubato"
    place.parent.mkdir(parents=True)
    shutil.copytree(folder, place, symlinks=True, copy_function=os.link)
    _add_desktop(tree)
    _add_documents(tree, version)
    _write_control(tree, version, depends_of(folder))
    for path in tree.rglob("*"):
        if not path.is_symlink():
            is_program = path.is_dir() or path == place / "rubato"
            path.chmod(0o755 if is_program else 0o644)
    OUTPUT.mkdir(exist_ok=True)
    package = OUTPUT / f"rubato_{version}_amd64.deb"
    step("Compressing the Debian package", "five minutes")
    _build(tree, package)
    _say_size(package, place / "_internal/app/models" / model_name)
    return package


def depends_of(folder: Path) -> list[str]:
    """The packages without which the program or its window does not start. Raises StepFailed."""
    needed = debian_libraries.needed_by(folder)
    names, missing = debian_libraries.packages([*needed, *_LOADED_BY_NAME])
    if missing:
        why = "\n".join(
            f"  {soname}, for {', '.join(needed.get(soname, ['the window']))}" for soname in sorted(missing)
        )
        raise StepFailed(f"No package here has these libraries, install those that do and run this again:\n{why}")
    return [f"{name} (>= {_version_of(name)})" if name in _VERSIONED else name for name in sorted(names)]


def _version() -> str:
    found = re.search(r'__version__ = "(.+)"', (ROOT / "app/__init__.py").read_text(encoding="utf-8"))
    assert found is not None
    return found.group(1)


def _version_of(name: str) -> str:
    asked = ["dpkg-query", "--show", "--showformat=${Version}", name]
    version = subprocess.run(asked, stdout=subprocess.PIPE, check=True).stdout.decode()
    return ".".join(version.partition("-")[0].split(".")[:2])


def _add_desktop(tree: Path) -> None:
    _copy(_LINUX / "rubato.desktop", tree / "usr/share/applications")
    _copy(_LINUX / "rubato.metainfo.xml", tree / "usr/share/metainfo")
    _copy(_LINUX / "rubato-mime.xml", tree / "usr/share/mime/packages", "rubato.xml")
    icons = tree / "usr/share/icons/hicolor"
    _copy(ROOT / "assets/rubato.svg", icons / "scalable/apps")
    command = [program("python"), str(_LINUX.with_name("icons.py")), str(icons)]
    if subprocess.run(command, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}).returncode != 0:
        raise StepFailed("The icons could not be drawn. See the message above.")
    start = tree / "usr/bin/rubato"
    start.parent.mkdir(parents=True)
    start.symlink_to("../lib/rubato/rubato")


def _add_documents(tree: Path, version: str) -> None:
    documents = tree / "usr/share/doc/rubato"
    documents.mkdir(parents=True)
    _copy(_LINUX / "copyright", documents)
    _copy(ROOT / "packaging/LICENSES.md", documents)
    _zip((ROOT / "packaging/CHANGELOG.md").read_bytes(), documents / "changelog.gz")
    texts = [program("python"), str(_LINUX.with_name("licenses.py")), "--texts", str(documents / "licenses")]
    page = [program("python"), str(_LINUX.with_name("man_page.py"))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if subprocess.run(texts, env=environment).returncode != 0:
        raise StepFailed("The texts of the licences could not be gathered. See the message above.")
    man = subprocess.run(page, env=environment, stdout=subprocess.PIPE)
    if man.returncode != 0:
        raise StepFailed("The manual page could not be made. See the message above.")
    _zip(man.stdout, tree / "usr/share/man/man1/rubato.1.gz")


def _write_control(tree: Path, version: str, depends: list[str]) -> None:
    kilobytes = sum(file.lstat().st_size for file in tree.rglob("*") if not file.is_dir()) // 1024
    control = tree / "DEBIAN/control"
    control.parent.mkdir()
    control.write_text(_CONTROL.format(version=version, kilobytes=kilobytes, depends=", ".join(depends)))
    files = sorted(file for file in (tree / "usr").rglob("*") if file.is_file() and not file.is_symlink())
    sums = [f"{hashlib.md5(file.read_bytes()).hexdigest()}  {file.relative_to(tree)}\n" for file in files]
    (tree / "DEBIAN/md5sums").write_text("".join(sums))


def _build(tree: Path, package: Path) -> None:
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--build", str(tree), str(package)]
    if subprocess.run(command).returncode != 0:
        raise StepFailed("dpkg-deb could not build the package. See the message above.")


def _say_size(package: Path, model: Path) -> None:
    """The package's size, and what it would be without the model."""
    with tempfile.TemporaryDirectory(dir=variants.BUILD) as folder:
        tree = Path(folder, "model")
        (tree / "DEBIAN").mkdir(parents=True)
        shutil.copy2(variants.BUILD / "tree/DEBIAN/control", tree / "DEBIAN/control")
        os.link(model, tree / model.name)
        _build(tree, Path(folder, "model.deb"))
        model_bytes = Path(folder, "model.deb").stat().st_size
    size = package.stat().st_size
    print(f"\n{package}: {size / 1e6:.1f} MB, of which the model takes {model_bytes / 1e6:.1f} MB", flush=True)


def _copy(file: Path, folder: Path, name: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, folder / (name or file.name))


def _zip(data: bytes, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(gzip.compress(data, 9, mtime=0))
