"""What Core, downloads, the engine and the readers say is known to the window, and is said so still."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from PySide6.QtWidgets import QApplication

from app.core.views import Paragraph, SummaryView
from app.gui import core_words, tongue
from app.gui.summary_text import as_markdown

pytestmark = pytest.mark.usefixtures("no_garbage")

ROOT = Path(__file__).resolve().parents[2] / "app"
SPEAKERS = ("core", "downloads", "engine", "ingest", "store", "errors.py", "settings.py")

NOT_SHOWN = {  # in the window; and why
    "core/openai/": "answers of the API, which are English",
    "core/titles.py": "asked of the model",
    "core/speed_probe.py": "asked of the model",
    "core/summary_text.py": "written to files",
    "engine/process/gbnf.py": "only the API takes a grammar",
    "engine/process/lark.py:The grammar has no rule": "only the API takes a grammar",
    "engine/process/matcher.py:The grammar allows": "only the API takes a grammar",
    "engine/process/constraint.py": "only the API takes a grammar",
    "engine/sampling_range.py": "only the API lets it out of its range",
    "core/core.py:Say hello.": "asked of the model",
    "core/kinds/classify.py:Classify the text": "asked of the model",
    "core/kinds/summarize.py:What does the text": "asked of the model",
    "core/kinds/summarize.py:Summarize the text": "asked of the model",
    "core/kinds/summarize.py: If it says": "asked of the model",
    "core/kinds/summarize.py:{} Write in {}.": "asked of the model",
    "settings.py:You are a helpful assistant.": "asked of the model",
}
OF_PROGRAMMERS = {"ValueError", "TypeError", "RuntimeError", "AssertionError", "WireError", "StepFailed"}
SAY_PARTS = {"HeaderFault", "_unreadable", "refused", "Unusable"}  # take what is no whole sentence


def said_in(source: str) -> Iterator[tuple[int, str]]:
    """The sentences of a file, with {} in their places, each with its line."""
    tree = ast.parse(source)
    told = set()
    for node in ast.walk(tree):
        for inner in _not_told(node):
            told |= {id(one) for one in ast.walk(inner)}
        if isinstance(node, ast.Call) and _called(node) in SAY_PARTS:
            yield from ((part.lineno, text) for part in node.args if " " in (text := _with_places(part)))
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        text = _with_places(node)
        if id(node) not in told | parts and _is_sentence(text):
            yield getattr(node, "lineno", 0), text


def _is_sentence(text: str) -> bool:
    return " " in text and text.rstrip()[-1:] in (".", "…") and re.search(r"[A-Za-z]{3}", text) is not None


def _not_told(node: ast.AST) -> Iterator[ast.AST]:
    """What of a node nobody is told: docstrings, the log, faults of the program."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    if isinstance(node, ast.Call):
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        if _called(node) in OF_PROGRAMMERS or (isinstance(of, ast.Name) and of.id == "log"):
            yield node
    if isinstance(node, ast.Assert) and node.msg is not None:
        yield node.msg


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _with_places(node: ast.AST) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text.replace("{", "{{").replace("}", "}}")
        case ast.JoinedStr(values=parts):
            return "".join("{}" if isinstance(part, ast.FormattedValue) else _with_places(part) for part in parts)
    return ""


def _as_written(text: str) -> str:
    """One that the window knows, with {} in its places."""
    pieces = Formatter().parse(text)
    return "".join(
        plain.replace("{", "{{").replace("}", "}}") + ("{}" if name is not None else "") for plain, name, *_ in pieces
    )


def _known() -> set[str]:
    return {_bare(_as_written(text)) for text in (*core_words.SENTENCES, *core_words.PARTS)}


def _bare(text: str) -> str:
    """The quotes around a name may come with it."""
    return text.replace("“{}”", "{}")


def _is_known(text: str, known: set[str]) -> bool:
    """Readers of documents say what follows the file's name."""
    return _bare(text) in known or _bare(f"{{}} {text}") in known


def _files() -> list[Path]:
    return sorted(
        file for name in SPEAKERS for file in ((ROOT / name).rglob("*.py") if "." not in name else [ROOT / name])
    )


def test_every_sentence_that_can_reach_the_window_is_known_there() -> None:
    known, missing = _known(), []
    for file in _files():
        name = file.relative_to(ROOT).as_posix()
        for line, text in said_in(file.read_text(encoding="utf-8")):
            is_shown = not any(f"{name}:{text}".startswith(one) for one in NOT_SHOWN)
            if is_shown and not _is_known(text, known):
                missing.append(f"{name}:{line}: {text}")
    assert missing == [], "add it to app/gui/core_sentences, or say in NOT_SHOWN why nobody sees it"


def test_what_is_left_out_of_it_is_there_still() -> None:
    said = [
        f"{file.relative_to(ROOT).as_posix()}:{text}"
        for file in _files()
        for _, text in said_in(file.read_text(encoding="utf-8"))
    ]
    assert [one for one in NOT_SHOWN if not any(text.startswith(one) for text in said)] == []


def test_the_finder_sees_what_is_said_and_leaves_the_rest_alone() -> None:
    source = (
        '"""A docstring is not said."""\n'
        'log.info("This is for the log.")\n'
        'raise ValueError("This is a fault of ours.")\n'
        'raise KnownError(kind, f"{name} is gone. Choose another.")\n'
        'raise HeaderFault("is cut short")\n'
        'name = "no sentence"\n'
    )
    assert list(said_in(source)) == [(5, "is cut short"), (4, "{} is gone. Choose another.")]


def test_the_sentences_that_are_known_are_still_said() -> None:
    said = set()
    for file in ROOT.rglob("*.py"):
        if ROOT / "gui" not in file.parents:
            said |= {_bare(_with_places(node)) for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))}
    of_files = {f"{{}} {text}" for text in said}
    in_window = {"Something went wrong inside Rubato. The details are in its log.", "The core did not start."}
    in_window |= {"save the PDF", "save the file"}
    listed = {"Page {}", "Pages {}", "Slide {}", "Slides {}"}  # made of a word and numbers
    assert _known() - said - of_files - in_window - listed == set()


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    tongue.speak(qapp, "de")
    yield
    tongue.speak(qapp, "")


def test_in_english_it_is_as_it_was_said(qapp: QApplication) -> None:
    assert core_words.retold("Summary of a.pdf") == "Summary of a.pdf"


@pytest.mark.parametrize(
    ("said", "retold"),
    [
        ("Summary of a.pdf", "Zusammenfassung von a.pdf"),
        ("Summary of 12 documents: money", "Zusammenfassung von 12 Dokumente: money"),
        ("report.pdf, pages 3–5", "report.pdf, Seiten 3–5"),
        ("Pages 2, 4–6 have no text.", "Seiten 2, 4–6 haben keinen Text."),
        ("Page 7 has no text.", "Seite 7 hat keinen Text."),
        ("Slide 3 has no text.", "Folie 3 hat keinen Text."),
        (
            "2 GPUs of AMD: not used, this llama.cpp is built without ROCm. Install that with: pip install x",
            "2 GPUs von AMD: nicht benutzt, dieses llama.cpp ist ohne ROCm gebaut. Installieren Sie das mit: pip "
            "install x",
        ),
        ("Nobody knows this one.", "Nobody knows this one."),
        (
            "my model.gguf is cut short. Download it again or choose another model.",
            "my model.gguf ist abgeschnitten. Laden Sie es noch einmal herunter, oder wählen Sie ein anderes Modell.",
        ),
        (
            "m.gguf is damaged: it says that it has 1,000,000 tensors. Download it again or choose another model.",
            "m.gguf ist beschädigt: Es will 1.000.000 Tensoren haben. Laden Sie es noch einmal herunter, oder wählen "
            "Sie ein anderes Modell.",
        ),
        (
            "Rubato could not store m.gguf: the disk is full (/models). Free some space and try again.",
            "Nicht gelungen (m.gguf speichern): Die Platte ist voll (/models). Schaffen Sie Platz, und versuchen Sie "
            "es noch einmal.",
        ),
        (
            "Rubato could not save the settings: the disk is full. Free some space and try again.",
            "Nicht gelungen (die Einstellungen speichern): Die Platte ist voll. Schaffen Sie Platz, und versuchen Sie "
            "es noch einmal.",
        ),
        (
            "Waits for its model, own: it does not fit into memory beside chat. Load it, or let the job use the one "
            "that is loaded.",
            "Wartet auf sein Modell, own: es passt nicht neben chat in den Speicher. Laden Sie es, oder lassen Sie den "
            "Auftrag das geladene verwenden.",
        ),
        (
            "“a b.docx” is not a Word document, or it is damaged. Open it in Word or LibreOffice and save it again as "
            ".docx.",
            "„a b.docx“ ist beschädigt oder etwas anderes als ein Word-Dokument. Öffnen Sie es in Word oder "
            "LibreOffice, und speichern Sie es noch einmal als .docx.",
        ),
        (
            "There is no {a}. Choose from {document}, {name}; write {{ and }} for braces.",
            "Es gibt kein {a}. Wählen Sie aus {document}, {name}; für Klammern schreiben Sie {{ und }}.",
        ),
        (
            'The schema is not one of an object. Begin it with {"type": "object"}.',
            'Das Schema beschreibt kein Objekt. Beginnen Sie es mit {"type": "object"}.',
        ),
        ("write to me", "write to me"),  # a part is none by itself
    ],
)
def test_core_is_understood_in_another_language(german: None, said: str, retold: str) -> None:
    assert core_words.retold(said) == retold


def test_each_is_known_by_its_own_form_and_not_by_that_of_another(german: None) -> None:
    samples = {"fault": "is cut short", "where": ""}
    for text in core_words.SENTENCES:
        names = [name for _, name, *_ in Formatter().parse(text) if name is not None]
        said = {name: samples.get(name, "7" if name in core_words._NUMBERS else "Xyz") for name in names}
        meant = said | {"fault": "ist abgeschnitten"}
        assert core_words.retold(text.format(**said)) == tongue.tr(text).format(**meant)


def test_what_is_said_with_commas_is_understood_piece_by_piece(german: None) -> None:
    assert (
        core_words.retold_parts("3 of 4 documents, 1,312 of 1,400 pages")
        == "3 von 4 Dokumenten, 1.312 von 1.400 Seiten"
    )


def test_a_summary_is_copied_in_the_language_of_the_window(german: None) -> None:
    summary = SummaryView(
        job_id="j",
        title="Summary of a.pdf",
        coverage="3 of 4 pages",
        paragraphs=(Paragraph(text="It rains.", label="pages 1–3", sources=()),),
        notes=("Page 4 has no text.",),
    )
    assert as_markdown(summary) == (
        "# Zusammenfassung von a.pdf\n\n*3 von 4 Seiten*\n\nIt rains. (Seiten 1–3)\n\n## Anmerkungen\n\n- Seite 4 hat "
        "keinen Text.\n"
    )
