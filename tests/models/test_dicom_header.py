"""Headers are read within bounds, and keep to themselves what they hold."""

import logging
import random
import warnings
from pathlib import Path

import numpy as np
import pytest
from pydicom import uid

from models.dicom_header import DicomHeader, read_dicom_header
from models.imaging import ImageTooLarge, UnreadableImage, read_image
from tests.dicom_bombs import BOMBS, SMALL, deflated
from tests.dicom_corpus import CORPUS, mutated
from tests.dicom_files import dicom_bytes

SECRETS = ("Invented", "INVENTED", "19000101", "20000101")
QUICK = [name for name in BOMBS if not name.startswith(("deflated", "many", "pixels"))]


def written(folder: Path, data: bytes) -> Path:
    (folder / "image.dcm").write_bytes(data)
    return folder / "image.dcm"


@pytest.mark.parametrize(
    "syntax", [uid.ImplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian, uid.RLELossless]
)
def test_a_header_holds_what_the_file_says(tmp_path: Path, syntax: uid.UID) -> None:
    data = dicom_bytes(
        [SMALL] * 3, syntax, StudyInstanceUID="1.2.3", ViewPosition="PA", ImageLaterality="L",
        BodyPartExamined="CHEST", BurnedInAnnotation="YES",
    )  # fmt: skip
    assert read_dicom_header(written(tmp_path, data)) == DicomHeader(
        patient_id="INVENTED-1",
        study_uid="1.2.3",
        instance_uid="1.2.826.0.1.3680043.8.498.1",
        modality="DX",
        view_position="PA",
        laterality="L",
        body_part="CHEST",
        rows=6,
        columns=8,
        frames=3,
        burned_in_annotation="yes",
    )


def test_what_a_file_does_not_say_is_empty(tmp_path: Path) -> None:
    header = read_dicom_header(written(tmp_path, dicom_bytes(SMALL)))
    assert (header.study_uid, header.view_position, header.frames) == ("", "", 1)
    assert header.burned_in_annotation == "unknown"


def test_a_header_is_read_without_its_pixels(tmp_path: Path) -> None:
    data = dicom_bytes(np.zeros((100, 100), dtype=np.uint16))
    assert read_dicom_header(written(tmp_path, data[: len(data) - 15_000])).rows == 100


def test_the_header_of_a_deflated_file_is_read_before_its_pixels(tmp_path: Path) -> None:
    large = np.zeros((3000, 3000), dtype=np.uint8)
    data = dicom_bytes(large, uid.DeflatedExplicitVRLittleEndian)
    assert read_dicom_header(written(tmp_path, data)).rows == 3000


@pytest.mark.parametrize("data", [b"", b"DICM", bytes(128) + b"DICM", bytes(400)])
def test_what_is_no_dicom_file_is_named(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnreadableImage, match=r"image\.dcm: "):
        read_dicom_header(written(tmp_path, data))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match=r"image\.dcm: No such file"):
        read_dicom_header(tmp_path / "image.dcm")


@pytest.mark.parametrize("name", QUICK)
def test_a_bomb_is_refused(name: str) -> None:
    with pytest.raises(UnreadableImage):
        read_image(BOMBS[name]())


def test_a_deflated_file_is_inflated_up_to_a_bound() -> None:
    data = deflated(b"\x08\0\x05\0OB\0\0" + (5_000_000).to_bytes(4, "little") + bytes(5_000_000))
    with pytest.raises(ImageTooLarge, match="more than 4,030,000 bytes"):
        read_image(data, max_pixels=10_000)


def test_mutated_files_are_read_or_refused_and_tell_no_one(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    dice, told = random.Random(1), []
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for data in list(CORPUS.values()) * 4:
            try:
                assert read_image(mutated(data, dice)).dtype == np.uint8
            except UnreadableImage as error:
                told.append(str(error))
    assert told
    output = [*told, caplog.text, *capfd.readouterr(), *(str(each.message) for each in warned)]
    assert not [text for text in output for secret in SECRETS if secret in text]


@pytest.mark.parametrize(("kind", "keyword"), [("DS", "WindowWidth"), ("IS", "NumberOfFrames")])
def test_no_message_repeats_a_value(kind: str, keyword: str) -> None:
    data = dicom_bytes(SMALL, **{"WindowCenter": 1, keyword: "1234"})
    broken = data.replace(f"{kind}\x04\x001234".encode(), f"{kind}\x04\x00Name".encode())
    assert broken != data
    with pytest.raises(UnreadableImage) as caught:
        read_image(broken)
    assert "Name" not in str(caught.value)
