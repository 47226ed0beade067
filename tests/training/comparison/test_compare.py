"""`training.compare` from a config to a report, with real runs."""

import json
import shutil
from pathlib import Path

import pytest

from tests.training.comparison.studies import TINY, study
from training.compare import compare
from training.comparison.config import read_comparison
from training.comparison.prepared import prepare
from training.config import ConfigError


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    return compare(prepare(read_comparison(str(study(folder))), folder), jobs=1)


@pytest.mark.slow
def test_a_report_has_tables_and_pictures(report: Path) -> None:
    text = report.read_text()
    assert "Prec@5" in text
    assert all((report.parent / picture).is_file() for picture in _pictures(text))
    suffixes = {path.suffix for path in (report.parent / "tables").iterdir()}
    assert suffixes == {".md", ".csv", ".tex"}


@pytest.mark.slow
def test_every_result_says_what_it_rests_on(report: Path) -> None:
    facts = json.loads((report.parent / "results" / "mgca-3.json").read_text())["few"]
    named = {"config_sha256", "data_fingerprint", "code", "seed", "pairs", "prompt_set_sha256"}
    assert named <= facts.keys()
    assert facts["seed"] == 3
    assert {"value", "low", "high", "chance", "n"} == facts["figures"]["precision_at_5"].keys()


@pytest.mark.slow
def test_the_same_comparison_gives_the_same_figures(report: Path) -> None:
    result, folder = report.parent / "results" / "mgca-3.json", report.parent.parent
    before = result.read_bytes()
    shutil.rmtree(report.parent / "runs" / "mgca-3")
    compare(prepare(read_comparison(str(folder / "tiny.yaml")), folder), jobs=1)
    assert result.read_bytes() == before


@pytest.mark.slow
def test_a_run_of_other_settings_is_no_run_of_the_comparison(report: Path, tmp_path: Path) -> None:
    other = read_comparison(str(study(tmp_path, settings=[*TINY["settings"], "model.dim=8"])))
    with pytest.raises(ConfigError, match="was trained with another model; remove it"):
        prepare(other, report.parent.parent)


@pytest.mark.slow
def test_a_run_by_other_code_is_kept_and_told(
    report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = report.parent / "runs" / "mgca-3" / "checkpoint" / "run" / "run.json"
    before = facts.read_text()
    versions = json.loads(before)["versions"] | {"commit": "0" * 40}
    facts.write_text(json.dumps(json.loads(before) | {"versions": versions}))
    try:
        folder = report.parent.parent
        prepare(read_comparison(str(folder / "tiny.yaml")), folder)
    finally:
        facts.write_text(before)
    assert f"mgca-3: kept; its code was {'0' * 40}" in capsys.readouterr().err


def _pictures(text: str) -> list[str]:
    return [line.split("(")[-1].rstrip(")") for line in text.splitlines() if line.startswith("![")]


@pytest.mark.slow
def test_a_run_that_fails_is_named_and_leaves_no_folder(tmp_path: Path) -> None:
    settings = [*TINY["settings"], "device=nowhere"]
    comparison = read_comparison(str(study(tmp_path, settings=settings)))
    with pytest.raises(ConfigError, match=r"(phantom|mgca)-3: device: 'nowhere' .*\.log"):
        compare(prepare(comparison, tmp_path / "out"), jobs=1)
    assert not any(path.is_dir() for path in (tmp_path / "out/tiny/runs").glob("*-3"))
