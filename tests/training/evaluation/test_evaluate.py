"""The evaluation program on marked pairs: what it measures, writes and refuses."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from models.manifest import ManifestError
from tests.helpers import tiny_checkpoint
from training.config import ConfigError
from training.evaluate import evaluate, main
from training.evaluation.statistics import DRAWS, paired_difference

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("evaluate") / "checkpoint", export=False)


def run(checkpoint: Path, manifest: Path, out: Path, *flags: str) -> dict[str, Any]:  # Any: JSON
    """Run the program with these arguments and return what it wrote as JSON."""
    arguments = ["--checkpoint", str(checkpoint), "--out", str(out), "--data", str(manifest)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["evaluate", *arguments, *flags])
        main()
    written: dict[str, Any] = json.loads((out / "metrics.json").read_text())
    return written


@pytest.fixture(scope="module")
def out(checkpoint: Path, manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evaluate on the same images as other patients', with the prior of the two for training."""
    folder, unseen = tmp_path_factory.mktemp("out"), manifest.with_name("unseen.jsonl")
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    renamed = [row | {"patient_id": f"new {row['patient_id']}"} for row in rows]
    unseen.write_text("".join(json.dumps(row | {"split": "test"}) + "\n" for row in renamed))
    flags = ("--phrases", "cardiomediastinum=heart", "--prior", str(manifest))
    run(checkpoint, unseen, folder, *flags)
    return folder


def labelled(manifest: Path, name: str) -> Path:
    """Write the four rows again, two of them with a mass."""
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    path = manifest.with_name(name)
    marked = [row | {"labels": ["mass"] if n % 2 else []} for n, row in enumerate(rows)]
    path.write_text("".join(json.dumps(row | {"boxes": None}) + "\n" for row in marked))
    return path


def test_every_figure_stands_beside_n_chance_and_interval(
    checkpoint: Path, manifest: Path, tmp_path: Path
) -> None:
    found = run(checkpoint, labelled(manifest, "labelled.jsonl"), tmp_path, "--split", "all")
    figures, names = found["figures"], ("zero_shot_accuracy", "aga_paper_accuracy", "median_rank")
    for name in (*names, "recall_at_1_report_to_image", "zero_shot_f1/mass"):
        assert None not in figures[name].values()
        assert set(figures[name]) == {"value", "low", "high", "chance", "n"}
    table = (tmp_path / "table.md").read_text()
    assert "4 pairs, 4 distinct reports" in table
    assert (
        "| the paper's rule, to be read beside chance | value | 95 % interval | chance |" in table
    )


def test_the_same_evaluation_twice_writes_the_same_bytes(
    checkpoint: Path, manifest: Path, tmp_path: Path
) -> None:
    for folder in ("one", "two"):
        run(checkpoint, labelled(manifest, "again.jsonl"), tmp_path / folder, "--split", "all")
    one, two = ((tmp_path / folder / "metrics.json").read_bytes() for folder in ("one", "two"))
    assert one == two


def test_several_manifests_have_a_folder_each_and_one_file_together(
    checkpoint: Path, manifest: Path, tmp_path: Path
) -> None:
    first, second = (labelled(manifest, name) for name in ("first.jsonl", "second.jsonl"))
    both = run(checkpoint, first, tmp_path, str(second), "--split", "all")
    assert list(both) == ["first", "second"]
    for name in both:
        assert both[name] == json.loads((tmp_path / name / "metrics.json").read_text())
        assert f"## {name}" in (tmp_path / "table.md").read_text()


def test_the_measures_behind_the_figures_can_be_paired(checkpoint: Path, manifest: Path) -> None:
    found = evaluate(checkpoint, labelled(manifest, "paired.jsonl"), split="all")
    assert list(found.measures) == list(found.result["figures"])
    same = [found.measures["zero_shot_macro_auroc"]]
    assert paired_difference(same, same, draws=20).value == 0.0


def test_boxes_give_localization_figures(out: Path) -> None:
    figures = json.loads((out / "metrics.json").read_text())["figures"]
    assert {"recall_at_1", "pointing_game", "cnr", "iou_best", "iou_at_0.5"} <= set(figures)
    assert figures["pointing_game"]["n"] == 5
    assert figures["pointing_game/mass"]["chance"] == pytest.approx(1 / 8)  # one patch of eight


def test_the_words_and_texts_asked_are_recorded(out: Path) -> None:
    phrases = json.loads((out / "metrics.json").read_text())["localization"]["phrases"]
    assert phrases["cardiomediastinum"]["words"] == "heart"
    assert phrases["fracture"]["context"] == {"phrase": 1}


def test_every_marked_phrase_is_a_row(out: Path) -> None:
    rows = [json.loads(line) for line in (out / "localization.jsonl").read_text().splitlines()]
    assert [row["phrase"] for row in rows].count("pleural effusion") == 2
    assert len(rows) == 5


def test_the_tables_set_the_model_beside_its_baselines(out: Path) -> None:
    lines = (out / "table.md").read_text().splitlines()
    head = "| pointing_game | n | model | over center prior | center prior | uniform "
    assert any(line.startswith(head) for line in lines)
    assert any(line.startswith("| worst phrase | 5 |") for line in lines)
    assert any(line.startswith("| tgv_effective_rank |") for line in lines)
    assert not any("nan" in line for line in lines)


def test_another_manifest_can_give_the_center_prior(out: Path) -> None:
    phrases = json.loads((out / "metrics.json").read_text())["localization"]["phrases"]
    assert phrases["cardiomediastinum"]["center_prior"] == {"train": 1}
    assert phrases["pleural effusion"]["center_prior"] == {"train": 2}
    assert phrases["mass"]["center_prior"] == {"none": 1}  # nobody else's is marked


def test_without_marks_nothing_is_localized(
    checkpoint: Path, manifest: Path, tmp_path: Path
) -> None:
    plain = manifest.with_name("plain.jsonl")
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    plain.write_text("".join(json.dumps(row | {"boxes": None}) + "\n" for row in rows))
    found = run(checkpoint, plain, tmp_path, "--split", "all")
    assert not any(name.startswith(("pointing", "cnr", "iou")) for name in found["figures"])
    assert not (tmp_path / "localization.jsonl").exists()


def test_a_wrong_box_is_refused_before_the_network_runs(manifest: Path) -> None:
    wrong = manifest.with_name("wrong.jsonl")
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    rows[3]["boxes"] = {"fracture": [500, 500, 600, 600]}
    wrong.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(ManifestError, match="'fracture' marks no pixel"):
        evaluate(Path("no checkpoint is opened"), wrong, split="all")


def test_rows_without_a_report_are_classified_and_localized(
    checkpoint: Path, manifest: Path, tmp_path: Path
) -> None:
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    silent = [{n: v for n, v in row.items() if n != "report"} for row in rows]
    bare = manifest.with_name("bare.jsonl")
    bare.write_text("".join(json.dumps(r | {"labels": ["Mass"]}) + "\n" for r in silent))
    flags = ("--split", "all", "--prompts", "phantom-chest")
    written = run(checkpoint, bare, tmp_path, *flags)
    figures = written["figures"]
    assert figures["zero_shot_macro_auroc"]["n"] == len(rows)
    assert "pointing_game" in figures
    assert not any(name.startswith(("recall", "precision")) for name in figures)
    assert written["collapse_signs"] == {}
    assert written["interval"] == f"95 %, bootstrap over patients, {DRAWS} draws"


def test_retrieval_counts_the_rows_with_a_report(
    checkpoint: Path, manifest: Path, tmp_path: Path
) -> None:
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    mixed = manifest.with_name("mixed.jsonl")
    mixed.write_text(
        "".join(json.dumps(row) + "\n" for row in [rows[0] | {"report": ""}, *rows[1:]])
    )
    figures = run(checkpoint, mixed, tmp_path, "--split", "all")["figures"]
    assert figures["recall_at_1"]["n"] == len(rows) - 1


def test_a_text_column_that_nobody_fills_is_named(checkpoint: Path, manifest: Path) -> None:
    with pytest.raises(ConfigError, match="findigs"):
        evaluate(checkpoint, manifest, split="all", text_column="findigs")
