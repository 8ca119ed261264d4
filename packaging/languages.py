"""Brings what the window says now into assets/languages/*.po: new sentences empty, changed ones fuzzy. Those
that are not said any more stay below as #~, where one that comes back finds its words.

`make languages`, after a sentence was added; then fill in what is empty. `make languages ARGUMENTS=fr` begins another
language. Runs in the environment: Babel knows the plural forms of every language.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "assets" / "languages"
WINDOW = ROOT / "app" / "gui"
MODELS = ROOT / "models" / "catalogue.json"
_CALLS = {"tr": 1, "mark": 1, "trn": 2}

Message = str | tuple[str, str]  # or one and many


def messages() -> dict[Message, list[str]]:
    """Everything that goes through tr, trn and mark, with the files where it does, and what is told of models."""
    found: dict[Message, list[str]] = {}
    for file in sorted(WINDOW.rglob("*.py")):
        for message in _in_file(ast.parse(file.read_text(encoding="utf-8"))):
            places = found.setdefault(message, [])
            if (name := file.relative_to(ROOT).as_posix()) not in places:
                places.append(name)
    known = json.loads(MODELS.read_bytes())
    for model in (*known["models"], *known["hub_models"]):
        for sentence in (model["good_at"], *model.get("quirks", ())):
            found.setdefault(sentence, [MODELS.relative_to(ROOT).as_posix()])
    return found


def catalogue(file: Path) -> Catalog:
    """One language as it is on the disk."""
    with file.open("rb") as source:
        return read_po(source, locale=file.stem)


def refresh(file: Path, found: dict[Message, list[str]]) -> None:
    """Bring a language's file to these messages."""
    wanted = Catalog()
    for message, places in found.items():
        wanted.add(message, locations=[(place, 0) for place in places])
    known = catalogue(file) if file.exists() else Catalog(locale=file.stem)
    put_away = dict(known.obsolete)
    known.update(wanted)
    kept = Catalog(locale=file.stem, fuzzy=False)
    for entry in known:
        if entry.id:
            key = entry.id[0] if isinstance(entry.id, list | tuple) else entry.id
            old = put_away.pop(key, None)  # surer than a likeness that was guessed
            is_old = old is not None and (entry.fuzzy or not any(entry.string or ()))
            string, flags = (old.string, set()) if old is not None and is_old else (entry.string, entry.flags)
            kept.add(entry.id, string, locations=entry.locations, flags=flags - {"python-format"})
    kept.obsolete = {key: old for key, old in {**known.obsolete, **put_away}.items() if key not in kept}
    with file.open("wb") as target:
        target.write(_head(kept).encode())
        write_po(target, kept, width=120, omit_header=True, include_lineno=False, sort_by_file=True)


def _head(made: Catalog) -> str:
    """What gettext's tools want to know, without the times that would change with every run."""
    locale = Locale.parse(str(made.locale))
    return (
        f'# {locale.english_name}\nmsgid ""\nmsgstr ""\n"Language: {made.locale}\\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {made.plural_forms}\\n"\n\n'
    )


def _in_file(tree: ast.Module) -> Iterator[Message]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        texts = [part.value for part in node.args[: _CALLS.get(node.func.id, 0)] if isinstance(part, ast.Constant)]
        match [text for text in texts if isinstance(text, str)]:
            case [one, many]:
                yield one, many
            case [text] if text:
                yield text


def main() -> int:
    """Every language there is, and those that are named."""
    found = messages()
    for file in sorted({*FOLDER.glob("*.po"), *(FOLDER / f"{code}.po" for code in sys.argv[1:])}):
        refresh(file, found)
        missing = [entry.id for entry in catalogue(file) if entry.id and (not entry.string or entry.fuzzy)]
        print(f"{file.name}: {len(found)} sentences, {len(missing)} to be translated")
    return 0


if __name__ == "__main__":
    sys.exit(main())
