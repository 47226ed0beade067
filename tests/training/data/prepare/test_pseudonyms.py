"""Pseudonyms: steady under one key, unrelated under another, and a key that is its owner's."""

from pathlib import Path

import pytest

from models.manifest import ManifestError
from training.data.prepare.pseudonyms import Pseudonyms, read_key


def test_a_pseudonym_is_the_same_under_the_same_key_alone() -> None:
    one, other = Pseudonyms(b"1" * 32), Pseudonyms(b"2" * 32)
    # printf 'patient\0ID7' | openssl dgst -sha256 -mac HMAC -macopt key:$(printf '1%.0s' {1..32})
    assert one.of("patient", "ID7") == "patient-c6df32c02fdaba41c38b"
    assert one.of("patient", "ID7") != other.of("patient", "ID7")
    assert one.of("patient", "ID7") != one.of("patient", "ID8")


def test_a_study_and_a_patient_of_one_number_are_told_apart() -> None:
    names = Pseudonyms(b"1" * 32)
    assert names.of("patient", "7").split("-")[1] != names.of("study", "7").split("-")[1]


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "pseudonyms.key"
    key = read_key(path)
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key(path) == key


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pseudonyms.key"
    read_key(path)
    path.chmod(0o640)
    with pytest.raises(ManifestError, match="chmod 600"):
        read_key(path)


@pytest.mark.parametrize("content", ["", "secret", "00" * 31])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "pseudonyms.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ManifestError, match="is no key of this program"):
        read_key(path)
