"""Verdicts on files and sizes, the speed that is expected, and what is offered where a load failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.load_offer import load_offer
from app.core.model_fit import ModelFits, expected_rate, fits_beside, read_bytes_of, shape_of_beginning
from app.core.model_rates import ModelRates
from app.core.model_views import FitView, LocalModel, ModelPlace
from app.downloads import catalogue
from app.engine.fit import ContextShape
from app.engine.verdict import Verdict
from tests.model.sized_models import experts, full_attention

GB = 10**9


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return full_attention(tmp_path_factory.mktemp("fit") / "sized.gguf")


def fits(free_bytes: int, **more: object) -> ModelFits:
    return ModelFits(free_bytes=lambda: free_bytes, **more)  # type: ignore[arg-type]


def test_a_file_gets_a_word_and_its_figures(model: Path) -> None:
    roomy, tight = fits(8 * GB).of_file(model), fits(GB // 1000).of_file(model)
    assert roomy is not None
    assert tight is not None
    assert (roomy.word, tight.word) == (Verdict.FITS, Verdict.DOES_NOT_FIT)
    assert "of 8.0 GB that are free" in roomy.sentence
    assert roomy.needed_bytes > model.stat().st_size


def test_what_the_loaded_model_gives_back_counts_as_free(model: Path) -> None:
    need = fits(8 * GB).plan(model, 512).total_bytes
    assert fits(need - 1000).plan(model, 512).fit.verdict.value != "fits"
    assert fits(need - 1000, given_back=lambda: 1000).plan(model, 512).fit.verdict.value == "fits"


def test_a_file_that_is_no_model_has_no_verdict(tmp_path: Path) -> None:
    file = tmp_path / "no.gguf"
    file.write_text("no model")
    assert fits(GB).of_file(file) is None
    assert fits(GB).of_file(tmp_path / "gone.gguf") is None


@pytest.mark.parametrize(
    ("size", "word", "says"),
    [(4 * GB, Verdict.FITS, "Fits"), (9 * GB, Verdict.SLOW, "Slow"), (40 * GB, Verdict.DOES_NOT_FIT, "Does not fit")],
)
def test_of_a_file_that_is_not_here_the_size_says_about_as_much(size: int, word: Verdict, says: str) -> None:
    view = fits(8 * GB).of_size(size)
    assert view.word is word
    assert says in view.sentence
    assert "8.0 GB" in view.sentence


def test_of_a_file_that_is_elsewhere_the_beginning_says_as_much_as_the_file(model: Path) -> None:
    size = model.stat().st_size
    shape = shape_of_beginning(model.name, model.read_bytes()[: size // 2], size)
    whole = shape_of_beginning(model.name, model.read_bytes(), size)
    assert shape == whole
    assert whole is not None
    assert fits(8 * GB).of_shape(whole) == fits(8 * GB).of_file(model)
    more = fits(8 * GB).of_shape(whole, 3 * GB)  # in other parts
    assert more.needed_bytes == fits(8 * GB).of_shape(whole).needed_bytes + 3 * GB


def test_speed_follows_from_what_was_measured_with_the_nearest_size() -> None:
    measured = {100: 80.0, 1000: 9.0}
    assert expected_rate(100, measured) == 80.0
    assert expected_rate(2000, measured) == 4.5
    assert expected_rate(10**6, measured) is None
    assert expected_rate(100, {}) is None


def test_of_experts_those_count_that_a_token_uses(tmp_path: Path) -> None:
    """Two of eight, and no more: 4 layers of 8 experts are nearly all of this file."""
    dense, chooses = full_attention(tmp_path / "dense.gguf"), experts(tmp_path / "experts.gguf")
    read = read_bytes_of(chooses)
    assert 0.25 < read / chooses.stat().st_size < 0.4
    assert read_bytes_of(dense) / dense.stat().st_size > 0.8, "all but the table of embeddings"
    view = fits(8 * GB, rates=lambda: {read_bytes_of(dense): 60.0}).of_file(chooses)
    assert view is not None
    assert view.expected_tokens_per_second == pytest.approx(60.0 * read_bytes_of(dense) / read, rel=0.01)
    assert read_bytes_of(tmp_path / "none.gguf") == 0


def test_a_model_of_the_catalogue_that_is_not_here_is_as_fast_as_what_a_token_uses_of_it() -> None:
    model = catalogue.load().hub_entry("gpt-oss-20b")
    assert model is not None
    made = fits(40 * GB, rates=lambda: {2 * GB: 30.0})
    all_of_it = made.of_size(model.estimated_bytes).expected_tokens_per_second
    used = made.of_size(model.estimated_bytes, model.read_share).expected_tokens_per_second
    assert all_of_it is not None
    assert used is not None
    assert used / all_of_it == pytest.approx(20.9 / 3.6, rel=0.01)


def test_a_rate_is_the_middle_of_the_latest_replies_and_short_ones_do_not_count() -> None:
    rates = ModelRates()
    rates.took(100, 500.0, 3)
    rates.took(0, 50.0, 100)
    assert rates.by_read_bytes() == {}
    for rate in (1.0, 2.0, *range(10, 19)):
        rates.took(100, rate, 100)
    assert rates.by_read_bytes() == {100: 14}


def test_beside_the_chats_model_there_must_be_room_for_both(model: Path, tmp_path: Path) -> None:
    contexts = [ContextShape(context_tokens=1024)]
    need = fits(8 * GB).plan(model, 1024)
    assert fits_beside(model, [model], 8 * GB, contexts)
    assert not fits_beside(model, [model], need.total_bytes, contexts)
    unreadable = tmp_path / "text.gguf"
    unreadable.write_text("no")
    assert fits_beside(unreadable, [model], 0, contexts)  # loading it says what is wrong


# what is offered


def local(name: str, size: int, word: Verdict = Verdict.FITS, problem: str = "") -> LocalModel:
    fit = FitView(word=word, sentence="", needed_bytes=size, free_bytes=0)
    return LocalModel(path=Path(name), name=name, size_bytes=size, place=ModelPlace.OWN, fit=fit, problem=problem)


def test_less_context_is_offered_where_that_fits(model: Path) -> None:
    offer = load_offer(model, "Sized", fits(8 * GB).plan(model), 8192, [])
    assert offer is not None
    assert (offer.path, offer.context_tokens) == (model, 4096)


def test_else_the_largest_other_model_that_fits(model: Path) -> None:
    plan = fits(GB // 1000).plan(model)
    others = [
        local("small", 1),
        local("good", 3),
        local("bad", 4, problem="damaged"),
        local("large", 9, Verdict.DOES_NOT_FIT),
        local(str(model), 5),
    ]
    offer = load_offer(model, "Sized", plan, 8192, others)
    assert offer is not None
    assert (offer.name, offer.context_tokens) == ("good", 0)
    assert load_offer(model, "Sized", plan, 8192, others[3:]) is None
