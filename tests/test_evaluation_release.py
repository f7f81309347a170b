"""What releases over the sample and over generated pages get right, by `dedup evaluate` as a user runs it."""

from pathlib import Path

import pytest

from dedup.evaluation import write_sample
from tests.command import call


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path):
    """Evaluations as JSON: of the sample, and of generated pages."""
    folder = tmp_path_factory.mktemp("evaluated")
    write_sample(folder / "generated", 30, 3)
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEDUP_QUALITY__ENABLED", "false")
        for name, source, truth in (
            ("sample", ["--config", sample_folder / "dedup.toml"], sample_folder),
            ("generated", [folder / "generated" / "pages"], folder / "generated"),
        ):
            warehouse = folder / name
            assert call("run", *source, "--warehouse", warehouse, "--no-prefect", "--quiet").code == 0
            result = call("evaluate", truth, "--warehouse", warehouse, "--json")
            found[name] = result.json() | {"code": result.code}
    return found


@pytest.mark.parametrize(
    ("pages", "recall", "precision", "names"), [("sample", 0.98, 0.99, 0.8), ("generated", 0.98, 0.98, 0.9)]
)
def test_figures_are_found_with_value_and_unit_and_named(
    measured: dict, pages: str, recall: float, precision: float, names: float
) -> None:
    figures = measured[pages]["figures"]
    assert figures["expected"] > 100
    assert figures["judged"] > 100
    assert figures["recall"] >= recall
    assert figures["precision"] >= precision
    assert figures["names"] >= names


@pytest.mark.parametrize("pages", ["sample", "generated"])
def test_no_masked_or_overwritten_number_is_taken(measured: dict, pages: str) -> None:
    figures = measured[pages]["figures"]
    assert figures["masked"] > 0
    assert (figures["masked_taken"], figures["overwritten_taken"]) == (0, 0)
    assert measured[pages]["passed"]
    assert measured[pages]["code"] == 0


@pytest.mark.parametrize("pages", ["sample", "generated"])
def test_years_are_true_or_not_given_and_no_place_is_invented(measured: dict, pages: str) -> None:
    years, places = measured[pages]["years"], measured[pages]["places"]
    assert years["given"] > 15
    assert years["right"] == years["given"]
    assert years["coverage"] >= 0.9
    assert (years["masked_given"], years["overwritten_given"]) == (years["masked_right"], years["overwritten_right"])
    assert (places["coded"], places["coded_right"]) == (0, 0)
    assert places["named_right"] >= 0.95 * places["named"] > 0
