"""The phantom makes the same honest pairs every time (training.data.phantom)."""

import json
import re
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from training.data.phantom import write_phantom
from training.data.phantom.canvas import SIZE, Drawing, box_of
from training.data.phantom.chest_anatomy import SIDES, lay_out
from training.data.phantom.chest_case import FINDINGS, ChestCase, chest_case
from training.data.phantom.chest_findings import _septal_lines
from training.data.phantom.chest_image import draw_chest
from training.data.phantom.chest_reports import write_chest_report
from training.data.phantom.eus_case import SHARES, eus_case
from training.data.phantom.eus_image import draw_eus
from training.data.phantom.eus_reports import words_of_lesion, write_eus_report
from training.data.phantom.people import person_of, split_of
from training.data.phantom.write import Kind

KINDS: tuple[Kind, ...] = ("chest", "eus")
PROMPT_SETS = Path(__file__).parents[3] / "models" / "prompt_sets"
NEGATIVE = re.compile(r"^(FINDINGS: |IMPRESSION: )?(There is no|No|Negative for|Without)\b")
WORDS = {  # what asserts a finding, or what would deny it behind a "no"
    "cardiomegaly": ("cardiomegaly", "enlarged", "enlargement"),
    "pleural effusion": ("effusion", "pleural fluid", "blunted", "blunting"),
    "consolidation": ("consolidation", "airspace", "pneumonia"),
    "atelectasis": ("atelectasis", "collapse"),
    "edema": ("edema", "congestion"),
    "pneumothorax": ("pneumothorax",),
    "nodule": ("nodule",),
    "mass": ("mass",),
    "fracture": ("fracture", "discontinuity"),
    "support device": ("device", "tube", "catheter", "pacemaker", "central line"),
}


def rows_of(manifest: Path) -> list[dict[str, Any]]:  # Any: JSON
    return [json.loads(line) for line in manifest.read_text().splitlines()]


def files_of(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def alone(label: str, rank: int = 0) -> ChestCase:
    """Return a study that shows one finding and nothing else."""
    cases = (chest_case(3, row) for row in range(2000))
    matches = (c for c in cases if any(f.label == label for f in c.findings))
    found = next(islice(matches, rank, None))
    return replace(found, findings=tuple(f for f in found.findings if f.label == label))


def contrast_of_boxes(drawing: Drawing, plain: Drawing) -> tuple[float, float]:
    """Return the mean change of the image inside and outside its boxes."""
    change = np.abs(drawing.pixels.astype(float) - plain.pixels.astype(float))
    inside = np.zeros(change.shape, dtype=bool)
    for boxes in drawing.boxes.values():
        for x0, y0, x1, y1 in boxes:
            inside[y0:y1, x0:x1] = True
    return float(change[inside].mean()), float(change[~inside].mean())


def sentences_of(report: str) -> list[str]:
    return re.split(r"(?<=[.;]) ", report)


def mentions(text: str, label: str) -> bool:
    return any(re.search(rf"\b{word}", text.lower()) for word in WORDS[label])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, kind: Kind) -> None:
    for folder in ("one", "two"):
        write_phantom(tmp_path / folder / "pairs.jsonl", kind=kind, n=3, seed=5)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_does_not_depend_on_how_many_follow(tmp_path: Path, kind: Kind) -> None:
    few = write_phantom(tmp_path / "few" / "pairs.jsonl", kind=kind, n=2, seed=5)
    many = write_phantom(tmp_path / "many" / "pairs.jsonl", kind=kind, n=4, seed=5)
    assert rows_of(few) == rows_of(many)[:2]
    first, second = files_of(few.parent / "images"), files_of(many.parent / "images")
    assert first.items() <= second.items()


def test_another_seed_gives_other_images() -> None:
    one, two = draw_chest(chest_case(1, 0)), draw_chest(chest_case(2, 0))
    assert not np.array_equal(one.pixels, two.pixels)


def test_at_most_a_quarter_of_chests_is_without_finding() -> None:
    counts = [len(chest_case(0, row).findings) for row in range(400)]
    assert 0.12 < counts.count(0) / len(counts) <= 0.25
    assert max(counts) == 3


def test_every_finding_occurs_and_some_are_rarer() -> None:
    seen = [f.label for row in range(600) for f in chest_case(0, row).findings]
    counts = {label: seen.count(label) for label in FINDINGS}
    assert min(counts.values()) >= 20
    assert max(counts.values()) > 1.4 * min(counts.values())


@pytest.mark.parametrize("label", FINDINGS)
def test_a_finding_is_visible_where_its_box_says(label: str) -> None:
    for rank in range(2):
        case = alone(label, rank)
        drawing = draw_chest(case)
        inside, outside = contrast_of_boxes(drawing, draw_chest(case.without_findings()))
        assert inside > 3 * outside, (label, rank)
        assert inside > 2.5, (
            label,
            rank,
        )  # grey levels, though a thin tube fills little of its box


def test_a_bilateral_finding_has_a_box_on_each_side() -> None:
    right, left = draw_chest(alone("edema")).boxes["edema"]
    assert right[2] <= left[0]


def test_the_boxes_of_an_edema_hold_its_septal_lines() -> None:
    for rank in range(4):
        case = alone("edema", rank)
        for sign, box in zip(SIDES, draw_chest(case).boxes["edema"], strict=True):
            lines = box_of(_septal_lines(lay_out(case), sign))
            assert lines is not None
            assert all(np.less_equal(box[:2], lines[:2]) & np.greater_equal(box[2:], lines[2:]))


def test_the_right_of_the_patient_is_the_left_of_the_image() -> None:
    for rank in range(4):
        case = alone("pleural effusion", rank)
        x0, _, x1, _ = draw_chest(case).boxes["pleural effusion"][0]
        assert ((x0 + x1) / 2 < SIZE / 2) == (case.findings[0].side == "right")


def test_boxes_lie_inside_the_image() -> None:
    for row in range(25):
        drawings = draw_chest(chest_case(1, row)), draw_eus(eus_case(1, row))
        boxes = [b for drawing in drawings for found in drawing.boxes.values() for b in found]
        assert all(0 <= x0 < x1 <= SIZE and 0 <= y0 < y1 <= SIZE for x0, y0, x1, y1 in boxes)
        assert drawings[0].boxes.keys() == {f.label for f in chest_case(1, row).findings}


def test_a_lesion_is_visible_where_its_box_says() -> None:
    for row in range(20):
        case = eus_case(4, row)
        inside, outside = contrast_of_boxes(draw_eus(case), draw_eus(case, with_lesion=False))
        assert inside > 2 * outside, row


def test_no_report_denies_a_finding_that_is_present() -> None:
    for row in range(500):
        case = chest_case(2, row)
        denied = [s for s in sentences_of(write_chest_report(case).text) if NEGATIVE.search(s)]
        for finding in case.findings:
            assert not mentions(" ".join(denied), finding.label), (row, denied)


def test_no_report_asserts_a_finding_that_is_absent() -> None:
    for row in range(500):
        case = chest_case(2, row)
        said = [s for s in sentences_of(write_chest_report(case).text) if not NEGATIVE.search(s)]
        for label in set(FINDINGS) - {f.label for f in case.findings}:
            assert not mentions(" ".join(said), label), (row, label, said)


def test_nearly_every_label_stands_in_its_report() -> None:
    hits = [
        finding.label.split()[-1] in write_chest_report(case).text.lower()
        for case in (chest_case(2, row) for row in range(500))
        for finding in case.findings
    ]
    assert np.mean(hits) > 0.8


def test_reports_are_neither_empty_nor_endless() -> None:
    for row in range(300):
        texts = write_chest_report(chest_case(6, row)).text, write_eus_report(eus_case(6, row)).text
        assert all(10 <= len(text.split()) <= 60 for text in texts), texts
        assert not any("{" in text for text in texts)


def test_the_words_of_a_lesion_stand_in_its_report() -> None:
    for row in range(200):
        report = write_eus_report(eus_case(6, row)).text
        words = words_of_lesion(report)
        assert words
        assert all(re.search(rf"\b{word}\b", report) for word in words)


def test_every_class_and_hospital_occurs() -> None:
    cases = [eus_case(0, row) for row in range(300)]
    assert {case.lesion.label for case in cases} == set(SHARES)
    assert len({case.hospital.name for case in cases}) == 5


@pytest.mark.parametrize("kind", KINDS)
def test_splits_never_share_a_patient(kind: Kind) -> None:
    names = [person_of(9, row).name(kind, 9) for row in range(2000)]
    shares = [split_of(name) for name in names]
    assert len(set(zip(names, shares, strict=True))) == len(set(names)) < len(names)
    assert np.mean([s == "train" for s in shares]) == pytest.approx(0.8, abs=0.03)
    assert any(a == b for a, b in pairwise(names))


@pytest.mark.parametrize("kind", KINDS)
def test_images_say_that_they_are_synthetic(tmp_path: Path, kind: Kind) -> None:
    manifest = write_phantom(tmp_path / "pairs.jsonl", kind=kind, n=1, seed=0)
    row = rows_of(manifest)[0]
    with Image.open(tmp_path / row["image"]) as image:
        image.load()
    assert row["synthetic"] is True
    assert (image.mode, image.size) == ("L", (SIZE, SIZE))
    assert image.info["synthetic"] == "true"


def test_boxes_follow_the_size_of_the_image(tmp_path: Path) -> None:
    manifest = write_phantom(tmp_path / "pairs.jsonl", kind="eus", n=1, seed=0, size=128)
    row = rows_of(manifest)[0]
    large = draw_eus(eus_case(0, 0)).boxes["lesion"][0]
    with Image.open(tmp_path / row["image"]) as image:
        assert image.size == (128, 128)
    for boxes in row["boxes"].values():
        np.testing.assert_allclose(boxes[0], np.array(large) / 2, atol=1)


def test_no_negative_prompt_asserts_its_own_finding() -> None:
    chest = yaml.safe_load((PROMPT_SETS / "phantom-chest.yaml").read_text())["classes"]
    for label, sides in chest.items():
        claims = [s for prompt in sides["negative"] for s in sentences_of(prompt)]
        assert not [s for s in claims if mentions(s, label) and not NEGATIVE.match(s)]


def test_prompt_sets_name_every_class() -> None:
    chest = yaml.safe_load((PROMPT_SETS / "phantom-chest.yaml").read_text())["classes"]
    eus = yaml.safe_load((PROMPT_SETS / "phantom-eus.yaml").read_text())["classes"]
    assert chest.keys() == set(FINDINGS)
    assert all(sides.keys() == {"positive", "negative"} for sides in chest.values())
    assert eus.keys() == set(SHARES)
    prompts = [p for sides in chest.values() for s in sides.values() for p in s]
    assert all(isinstance(p, str) for p in prompts + [p for ps in eus.values() for p in ps])
