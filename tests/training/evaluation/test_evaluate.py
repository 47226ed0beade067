"""The evaluation program on marked pairs: what it measures, writes and refuses."""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from models.manifest import ManifestError
from tests.helpers import tiny_checkpoint
from training import program
from training.config import ConfigError
from training.evaluate import evaluate, main
from training.evaluation.fine_tuning import FineTuning
from training.evaluation.label_probes import Shares
from training.evaluation.statistics import DRAWS, paired_difference

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a checkpoint as a run leaves it: with its log beside it."""
    folder = tmp_path_factory.mktemp("evaluate")
    steps = [{"event": "step", "language_threshold": t, "vision_threshold": t} for t in (0.1, 0.2)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(step) + "\n" for step in steps))
    return tiny_checkpoint(folder / "checkpoint", export=False)


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


@pytest.fixture(scope="module")
def labels_out(checkpoint: Path, manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evaluate the two test rows, one of which has a mass, with a linear probe."""
    folder = tmp_path_factory.mktemp("labels")
    run(checkpoint, labelled(manifest, "probed.jsonl"), folder, "--probe", "0.5,1")
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


def test_texts_are_probed_where_reports_and_labels_allow(out: Path, labels_out: Path) -> None:
    of_reports = {"laterality", "word_order", "mismatched_recall"}
    unlabelled, both = (json.loads((f / "metrics.json").read_text()) for f in (out, labels_out))
    assert of_reports & unlabelled["figures"].keys() == of_reports
    assert "negation_present" not in unlabelled["figures"]
    assert both["figures"]["negation_present"]["n"] == 1  # of two test rows, one has a mass
    assert "| text probe | value |" in (out / "table.md").read_text()


def test_probes_learn_from_the_training_split_of_a_manifest(labels_out: Path) -> None:
    found = json.loads((labels_out / "metrics.json").read_text())
    assert found["label_probes"]["learned_from"] == "the training split"
    assert found["label_probes"]["images"] == {"train": 2, "test": 2}
    figure = found["figures"]["linear_probe_auroc/1"]
    assert (figure["labels"], figure["draws"], figure["n"]) == (2.0, 1, 2)
    assert found["figures"]["linear_probe_auroc/0.5"]["deviation"] is not None
    assert "| learned from the training split | value |" in (labels_out / "table.md").read_text()


def test_probes_learn_from_some_patients_where_all_splits_are_evaluated(
    checkpoint: Path, manifest: Path
) -> None:
    shares = Shares(linear=(1.0,))
    labels = labelled(manifest, "within.jsonl")
    found = evaluate(checkpoint, labels, split="all", shares=shares).result
    assert found["label_probes"]["learned_from"] == "70 % of the evaluated patients"
    assert sum(found["label_probes"]["images"].values()) == 4


def test_the_whole_encoder_can_learn(
    checkpoint: Path, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = partial(FineTuning, epochs=2, least_steps=2)
    monkeypatch.setattr("training.evaluation.label_probes.FineTuning", quick)
    lines = labelled(manifest, "tuned.jsonl").read_text().splitlines()
    copies = [
        row | {"patient_id": f"{row['patient_id']} {n}", "split": split}
        for n, split in enumerate(("train", "validation", "test"))
        for row in map(json.loads, lines)
    ]
    path = manifest.with_name("tuned.jsonl")
    path.write_text("".join(json.dumps(row) + "\n" for row in copies))
    shares = Shares(tuned=(1.0,))
    found = evaluate(checkpoint, path, split="test", shares=shares).result
    assert found["label_probes"]["images"] == {"train": 4, "test": 4, "tuned": 4, "watched": 4}
    figure = found["figures"]["fine_tuning_auroc/1"]
    assert figure["value"] is not None
    assert (figure["labels"], figure["draws"], figure["deviation"]) == (4.0, 1, None)


def test_pictures_lie_beside_the_figures(out: Path) -> None:
    stems = ("thresholds", "unseen-embeddings", "unseen-maps")
    names = {f"{stem}.{suffix}" for stem in stems for suffix in ("png", "svg")}
    assert {path.name for path in (out / "pictures").iterdir()} == names


def test_a_wrong_share_is_one_line_before_any_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--checkpoint", "none", "--data", "none", "--probe", "0.1,2"]
    monkeypatch.setattr(sys, "argv", ["evaluate", *arguments])
    with pytest.raises(SystemExit):
        program.run(main)
    said = "error: --probe: takes shares of the labels in (0, 1], got '2'\n"
    assert capsys.readouterr().err == said


def test_probes_of_a_manifest_without_labels_are_refused(manifest: Path) -> None:
    nowhere, shares = Path("no checkpoint is opened"), Shares(linear=(1.0,))
    with pytest.raises(ConfigError, match="no evaluated pair has labels"):
        evaluate(nowhere, manifest, split="test", shares=shares)


def test_the_help_says_that_fine_tuning_is_slow(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate", "--help"])
    with pytest.raises(SystemExit):
        main()
    said = " ".join(capsys.readouterr().out.split())
    assert "--probe SHARES" in said
    assert "--fine-tune SHARES the same with the whole image encoder: slow" in said


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
