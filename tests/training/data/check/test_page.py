"""The page of a check: whole in itself, escaped, with samples and alike images."""

import re
from pathlib import Path

from PIL import Image

from tests.training.data.check.fixtures import GOOD, Rows, manifest_of, picture
from training.data.check import check_manifest
from training.data.check.page import page_of

NASTY = "<script>alert('report')</script>"


def page(folder: Path, rows: Rows, *, images: bool = True) -> str:
    manifest = manifest_of(folder, rows)
    Image.fromarray(picture(0)).save(folder / "near.jpg")
    return page_of(check_manifest(manifest, images=images))


def test_what_a_manifest_says_is_escaped_wherever_it_stands(tmp_path: Path) -> None:
    said = {"report": NASTY, "label": NASTY, "study_id": NASTY, NASTY: 1}
    rows = [GOOD | said, GOOD | {"image": NASTY}, GOOD | {"split": NASTY}]
    html = page(tmp_path, rows)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 6


def test_a_page_needs_no_other_file(tmp_path: Path) -> None:
    html = page(tmp_path, [GOOD])
    assert all(
        link.startswith("data:image/jpeg;base64,") for link in re.findall('src="(.*?)"', html)
    )
    assert not re.findall(r"https?:|<link|@import|url\(", html)


def test_a_page_says_what_it_is(tmp_path: Path) -> None:
    html = page(tmp_path, [GOOD])
    assert "Not for clinical use" in html
    assert "contains images and reports" in html


def test_samples_come_from_every_class_of_every_split(tmp_path: Path) -> None:
    names = ["common"] * 30 + ["rare"] * 10
    rows: Rows = [
        GOOD | {"image": "b.png", "label": label, "patient_id": str(number), "split": split}
        for split in ("train", "test")
        for number, label in enumerate(names)
    ]
    html = page(tmp_path, rows)
    for split in ("train", "test"):
        assert len(re.findall(rf"</b> · {split} · ", html)) == 8
        assert re.search(rf"</b> · {split} · rare", html)


def test_alike_images_stand_side_by_side(tmp_path: Path) -> None:
    other = {"image": "near.jpg", "report": "Other.", "patient_id": "q", "split": "test"}
    html = page(tmp_path, [GOOD, other])
    section = html.split("look alike across splits</h2>")[1].split("<h2>")[0]
    assert re.findall(r"<b>row (\d)</b>", section) == ["1", "2"]
    assert section.count("data:image/jpeg") == 2


def test_a_page_without_images_shows_reports(tmp_path: Path) -> None:
    html = page(tmp_path, [GOOD], images=False)
    assert "<img" not in html
    assert "A mass." in html
