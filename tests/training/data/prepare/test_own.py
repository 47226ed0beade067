"""Own folders: found however the table names its images, and no person in what comes out."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from models.imaging import read_image_file
from models.manifest import ManifestError
from tests.dicom_files import dicom_bytes
from tests.training.data.prepare.files import write_image, write_table
from tests.training.data.prepare.published import own
from training.data import program

Row = dict[str, Any]  # Any: JSON


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "made" / "pairs.jsonl"


@pytest.fixture
def prepare(tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> Any:  # Any: a function
    def call(*options: str, root: Path = tmp_path / "own") -> list[Row]:
        key = str(tmp_path / "secret" / "pseudonyms.key")
        arguments = ["data", "own", "--root", root, "--out", out, "--key", key, *options]
        monkeypatch.setattr(sys, "argv", list(map(str, arguments)))
        program.main()
        return [json.loads(line) for line in out.read_text().splitlines()]

    return call


def everything_in(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "".join(
        str(path.relative_to(folder)) + path.read_bytes().decode("latin-1") for path in files
    )


def test_nothing_of_a_person_comes_out(
    prepare: Any, tmp_path: Path, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    prepare(*own(tmp_path / "own"))
    told = "".join(capfd.readouterr()) + everything_in(out.parent)
    secrets = ["Invented", "INVENTED", "1900", "2000", "2020", "Person", "ID1", "ACC1", "1.2.1"]
    assert not [secret for secret in secrets if secret in told]


def test_each_image_of_a_study_gets_its_report_and_codes(prepare: Any, tmp_path: Path) -> None:
    rows = prepare(*own(tmp_path / "own"))
    assert len(rows) == 40
    assert len({row["study_id"] for row in rows}) == 20
    assert len({row["patient_id"] for row in rows}) == 10
    assert sorted(row["view"] for row in rows[:2]) == ["LATERAL", "PA"]
    assert {row["report"] for row in rows[:2]} == {"Opacity number 0."}
    assert {row["modality"] for row in rows} == {"DX"}


def test_pictures_are_written_as_training_would_read_them(
    prepare: Any, tmp_path: Path, out: Path
) -> None:
    rows = prepare(*own(tmp_path / "own"))
    first = tmp_path / "own" / "scans" / "Person0" / "0-LATERAL"
    np.testing.assert_array_equal(
        read_image_file(out.parent / rows[0]["image"]), read_image_file(first)
    )


def test_text_in_pixels_is_flagged_and_told_once(
    prepare: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = prepare(*own(tmp_path / "own"))
    assert [row["burned_in_annotation"] for row in rows].count("yes") == 2
    told = capfd.readouterr().err
    assert told.count("2 images are marked as having text in their pixels") == 1
    assert told.count("names, ids and dates in them are not searched for") == 1


def test_a_second_run_keeps_the_pictures_that_are_there(
    prepare: Any, tmp_path: Path, out: Path
) -> None:
    options = own(tmp_path / "own")
    rows = prepare(*options)
    (kept, lost), pictures = sorted((out.parent / "images").iterdir())[:2], out.parent / "images"
    kept.write_bytes(b"as it was")
    lost.unlink()
    assert prepare(*options) == rows
    assert kept.read_bytes() == b"as it was"
    assert lost.is_file()
    assert not list(pictures.glob("*.unfinished"))


def test_another_key_gives_other_names(prepare: Any, tmp_path: Path) -> None:
    options = own(tmp_path / "own")[:3]
    first = prepare(*options)
    second = prepare(*options, "--key", str(tmp_path / "other.key"))
    for column in ("image", "study_id", "patient_id"):
        assert not {row[column] for row in first} & {row[column] for row in second}


def test_identities_are_kept_on_request(prepare: Any, tmp_path: Path, out: Path) -> None:
    rows = prepare(*own(tmp_path / "own"), "--keep-identities")
    assert (rows[0]["patient_id"], rows[0]["study_id"]) == ("ID0", "ACC0")
    assert (out.parent / rows[0]["image"]).resolve().is_relative_to(tmp_path / "own")
    assert not (out.parent / "images").exists()


def dicom_folder(root: Path) -> None:
    root.mkdir(parents=True)
    for number in (1, 2):
        pixels = np.full((4, 4), number, dtype=np.uint8)
        (root / f"IM{number}.dcm").write_bytes(dicom_bytes(pixels, SOPInstanceUID=f"1.2.{number}"))


@pytest.mark.parametrize("names", [("IM1.dcm", "IM2.dcm"), ("IM1", "IM2"), ("1.2.1", "1.2.2")])
def test_an_image_is_found_by_path_name_or_uid(
    prepare: Any, tmp_path: Path, names: tuple[str, str]
) -> None:
    dicom_folder(tmp_path / "own" / "deep")
    root, path = tmp_path / "own", tmp_path / "table.csv"
    write_table(path, [{"file": name, "text": f"Finding {name}."} for name in names])
    columns = ("--columns", "image=file", "report=text")
    rows = prepare("--table", str(path), *columns, root=root)
    assert [row["report"] for row in rows] == [f"Finding {name}." for name in names]


def test_a_folder_stands_for_its_images(prepare: Any, tmp_path: Path) -> None:
    dicom_folder(tmp_path / "own" / "case")
    write_table(tmp_path / "own" / "t.csv", [{"image": "case", "report": "A mass."}])
    assert [row["report"] for row in prepare()] == ["A mass."] * 2


def test_a_text_beside_each_image_is_its_report(prepare: Any, tmp_path: Path) -> None:
    write_image(tmp_path / "own" / "x" / "a.png", seed=1)
    (tmp_path / "own" / "x" / "a.txt").write_text("A small mass.\n")
    (row,) = prepare()
    assert row["report"] == "A small mass."
    assert row["image"].startswith("images/image-")


def test_a_jpeg_leaves_its_exif_behind(prepare: Any, tmp_path: Path, out: Path) -> None:
    root, exif = tmp_path / "own", Image.Exif()
    root.mkdir()
    exif[0x010E] = "Invented Person"
    Image.new("L", (40, 40), 9).save(root / "Person.jpg", exif=exif)
    write_table(root / "t.csv", [{"image": "Person.jpg", "report": "Normal."}])
    prepare()
    assert "Person" not in everything_in(out.parent)


def test_sections_labels_and_splits_are_carried(prepare: Any, tmp_path: Path) -> None:
    write_image(tmp_path / "own" / "a.png", seed=1)
    cells = {
        "image": "a.png", "findings": "Dense.", "impression": "Edema.", "labels": "edema; mass",
        "split": "val", "sex": "F",
    }  # fmt: skip
    write_table(tmp_path / "own" / "t.csv", [cells])
    (row,) = prepare("--columns", "gender=sex")
    assert row["report"] == "Dense. Edema."
    assert prepare("--columns", "gender=sex", "--section", "impression")[0]["report"] == "Edema."
    assert (row["findings"], row["impression"]) == ("Dense.", "Edema.")
    assert (row["labels"], row["split"], row["gender"]) == (["edema", "mass"], "validation", "F")


def test_a_frame_of_the_table_is_the_picture(prepare: Any, tmp_path: Path, out: Path) -> None:
    root = tmp_path / "own"
    root.mkdir()
    frames = [np.array([[0, 255], [0, number]], dtype=np.uint8) for number in (10, 20, 30)]
    (root / "film.dcm").write_bytes(dicom_bytes(frames))
    rows = [{"image": "film.dcm", "report": f"Frame {n}.", "frame": n} for n in (1, 3)]
    write_table(root / "t.csv", rows)
    pictures = [read_image_file(out.parent / row["image"]) for row in prepare()]
    assert [int(picture[1, 1]) for picture in pictures] == [10, 30]


@pytest.mark.parametrize(
    "date", ["2020-03-04", "20200304", "4.3.2020", "04/03/20", "seen 4.3.2020"]
)
def test_a_date_is_not_taken_along(prepare: Any, tmp_path: Path, date: str) -> None:
    write_image(tmp_path / "own" / "a.png", seed=1)
    write_table(tmp_path / "own" / "t.csv", [{"image": "a.png", "report": "A.", "when": date}])
    with pytest.raises(ManifestError, match="row 1: time: looks like a date") as refused:
        prepare("--columns", "time=when")
    assert date not in str(refused.value)


def test_rows_that_cannot_be_used_are_counted_without_their_names(
    prepare: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "own"
    write_image(root / "good.png", seed=1)
    (root / "Person.png").write_bytes((root / "good.png").read_bytes()[:60])
    names = ("good.png", "Person.png", "PersonB.png")
    rows = [{"image": name, "report": "A mass."} for name in names]
    write_table(root / "t.csv", [*rows, {"image": "good.png", "report": " "}])
    assert len(prepare()) == 1
    told = capfd.readouterr().err
    assert "left out 1 rows with an unreadable image (not a readable PNG" in told
    assert "left out 1 rows that lead to no image; the first is row 3" in told
    assert "left out 1 rows without a report; the first is row 4" in told
    assert "Person" not in told


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"split": "later"}, "row 1: split: 'later' is none of"),
        ({"frame": "x"}, "row 1: frame: takes a whole number"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(
    prepare: Any, tmp_path: Path, cells: dict[str, str], message: str
) -> None:
    write_image(tmp_path / "own" / "a.png", seed=1)
    write_table(tmp_path / "own" / "t.csv", [{"image": "a.png", "report": "A."} | cells])
    with pytest.raises(ManifestError, match=message):
        prepare()


def test_pictures_are_never_written_among_the_originals(
    prepare: Any, tmp_path: Path, out: Path
) -> None:
    own(tmp_path / "own")
    with pytest.raises(ManifestError, match="would be written among yours"):
        prepare(root=out.parent.parent)


def test_a_split_that_no_patient_fell_into_is_told(
    prepare: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_image(tmp_path / "own" / "a.png", seed=1)
    row = {"image": "a.png", "report": "A.", "split": "train"}
    write_table(tmp_path / "own" / "t.csv", [row])
    prepare()
    assert "no patient fell into validation, test" in capfd.readouterr().err


def test_one_of_several_tables_must_be_named(prepare: Any, tmp_path: Path) -> None:
    for name in ("a.csv", "b.tsv"):
        write_table(tmp_path / "own" / name, [{"image": "a.png", "report": "A."}])
    with pytest.raises(ManifestError, match="holds 2 tables; say which with --table"):
        prepare()
