"""CheXpert 5x200: the strict rule, a draw that never moves, and lists of others."""

import csv
import hashlib
import json
from pathlib import Path

import pytest

from models.manifest import ManifestError
from tests.training.data.prepare.files import write_table
from tests.training.data.prepare.prepared import Rows, prepared
from tests.training.data.prepare.published_chest import FIVE, chexpert_5x200, observed
from training.data.prepare.chexpert_5x200 import class_of
from training.data.prepare.chexpert_tables import Radiograph
from training.data.prepare.observations import read_observations

FRONTAL = "train/patient00001/study1/view1_frontal.jpg"


def radiograph(path: str = FRONTAL, **values: str) -> Radiograph:
    row = {name: str(value) for name, value in observed(**values).items()}
    return Radiograph(path, read_observations(row, where="here"), ("", "", ""))


def test_one_finding_alone_gives_the_class() -> None:
    assert class_of(radiograph(Edema="1.0")) == "Edema"
    assert class_of(radiograph(Pleural_Effusion="1", Pneumonia="0.0")) == "Pleural Effusion"
    assert class_of(radiograph(Edema="1.0", No_Finding="1.0")) == "Edema"  # not constrained


@pytest.mark.parametrize(
    "values",
    [
        {"Edema": "-1.0"},
        {"Edema": "0.0"},
        {"Edema": "1.0", "Cardiomegaly": "1.0"},
        {"Edema": "1.0", "Cardiomegaly": "-1.0"},  # doubt is not absence
        {"Edema": "1.0", "Support_Devices": "1.0"},
        {"Edema": "1.0", "Lung_Opacity": "-1.0"},
        {"Pneumonia": "1.0"},
        {},
    ],
)
def test_whatever_else_is_said_excludes(values: dict[str, str]) -> None:
    assert class_of(radiograph(**values)) is None


def test_lateral_images_do_not_count() -> None:
    assert class_of(radiograph(FRONTAL.replace("frontal", "lateral"), Edema="1.0")) is None


def drawn(rows: Rows) -> list[tuple[str, str]]:
    return [(row["image"].removesuffix(".jpg"), row["label"]) for row in rows]


def test_so_many_of_each_class_are_drawn_and_hashed(tmp_path: Path) -> None:
    rows, told = prepared("chexpert-5x200", tmp_path)
    assert [row["label"] for row in rows] == [name for name in FIVE for _ in range(4)]
    assert {row["split"] for row in rows} == {"test"}
    assert not any("report" in row for row in rows)
    lines = "".join(sorted(f"{image}\t{label}\n" for image, label in drawn(rows)))
    digest = hashlib.sha256(lines.encode()).hexdigest()
    beside = tmp_path / "pairs.sha256"
    assert told == [f"sha256 of the list: {digest} ({beside})"]
    assert beside.read_text() == f"{digest}  pairs.jsonl (20 images, seed=0)\n"


def test_the_draw_depends_on_the_seed_and_not_on_the_order_of_the_table(tmp_path: Path) -> None:
    first, _ = prepared("chexpert-5x200", tmp_path)
    other, _ = prepared("chexpert-5x200", tmp_path, "--per-class=4", "--seed=1", write=False)
    assert drawn(first) != drawn(other)
    with (tmp_path / "train.csv").open(newline="") as file:
        turned = list(csv.DictReader(file))[::-1]
    write_table(tmp_path / "train.csv", turned)
    again, _ = prepared("chexpert-5x200", tmp_path, "--per-class=4", write=False)
    assert again == first


def test_too_few_of_a_class_and_lost_images_are_errors(tmp_path: Path) -> None:
    chexpert_5x200(tmp_path)
    with pytest.raises(ManifestError, match="Atelectasis: 6 are there, 200 are asked for"):
        prepared("chexpert-5x200", tmp_path, write=False)
    (tmp_path / "train/patient00003/study1/view1_frontal.jpg").unlink()
    with pytest.raises(ManifestError, match=r"frontal\.jpg: is missing; without it this is"):
        prepared("chexpert-5x200", tmp_path, "--per-class=6", write=False)


LISTED = [(f"train/patient{number:05}/study1/view1_frontal.jpg", number) for number in (7, 1, 30)]


def write_prior(path: Path) -> None:
    """The last image, which shows two findings, is listed as an edema."""
    labels = ([0, 1, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 1, 0])
    entries = {
        str(number): {"image_path": image, "label": label}
        for (image, number), label in zip(LISTED, labels, strict=True)
    }
    path.write_text(json.dumps(entries))


def write_gloria(path: Path) -> None:
    classes = ("Cardiomegaly", "Atelectasis", "Edema")
    columns = [{name: float(name == shown) for name in FIVE} for shown in classes]
    rows = [
        {"": number, "Path": f"CheXpert-v1.0/{image}"} | labels
        for (image, number), labels in zip(LISTED, columns, strict=True)
    ]
    write_table(path, rows)


def write_named(path: Path) -> None:
    classes = ("Cardiomegaly", "Atelectasis", "Edema")
    rows = [{"path": i, "label": name} for (i, _), name in zip(LISTED, classes, strict=True)]
    write_table(path, rows)


def test_lists_of_others_give_the_same_set_whatever_their_form(tmp_path: Path) -> None:
    chexpert_5x200(tmp_path)
    hashes = set()
    for name, write in (("a.json", write_prior), ("b.csv", write_gloria), ("c.csv", write_named)):
        write(tmp_path / name)
        option = f"--list={tmp_path / name}"
        rows, told = prepared("chexpert-5x200", tmp_path, option, write=False)
        assert [row["label"] for row in rows] == ["Atelectasis", "Cardiomegaly", "Edema"]
        assert told[0] == f"1 of 3 images of {tmp_path / name} do not fit the strict rule"
        hashes.add(told[1])
    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            [{"image_path": LISTED[0][0], "label": [1, 1, 0, 0, 0]}],
            "entry 1: names no single class",
        ),
        ([{"image_path": LISTED[0][0], "label": "Pneumonia"}], "entry 1: names no single class"),
        ([{"label": "Edema"}], "entry 1: has none of image_path, Path, path"),
        ([{"path": LISTED[0][0], "label": "Edema"}] * 2, "entry 2: .* is listed twice"),
        ([{"path": "train/patient9/study1/a.jpg", "label": "Edema"}], "stands in no table of"),
        ([1], "takes an object or a list of entries"),
    ],
)
def test_a_list_that_cannot_be_used_is_told(
    tmp_path: Path, entries: list[object], message: str
) -> None:
    chexpert_5x200(tmp_path)
    (tmp_path / "list.json").write_text(json.dumps(entries))
    with pytest.raises(ManifestError, match=rf"list\.json: {message}|{message}"):
        prepared("chexpert-5x200", tmp_path, f"--list={tmp_path}/list.json", write=False)


def test_reports_come_from_chexpert_plus_for_all_or_none(tmp_path: Path) -> None:
    chexpert_5x200(tmp_path)
    reports = [
        {
            "path_to_image": f"train/patient{number:05}/study1/view1_frontal.jpg",
            "section_findings": "",
            "section_impression": f"Number {number}.",
        }
        for number in range(30)
    ]
    write_table(tmp_path / "plus.csv", reports)
    options = ["--per-class=6", f"--reports={tmp_path}/plus.csv"]
    rows, _ = prepared("chexpert-5x200", tmp_path, *options, write=False)
    assert rows[7]["report"] == rows[7]["impression"] == "Number 7."
    with pytest.raises(ManifestError, match="30 of the images have no findings there"):
        prepared("chexpert-5x200", tmp_path, *options, "--section=findings", write=False)
