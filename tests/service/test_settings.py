"""Where settings come from, which source wins, and what is refused."""

from pathlib import Path

import pytest

from service.settings import SettingsError, read_settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "service.yaml"
    path.write_text("port: 8101\nqueue: 3\nimage_cache: 7\nindex: /from/the/file\n")
    return path


def test_flags_win_over_variables_and_these_over_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGA_PORT", "8102")
    monkeypatch.setenv("aga_queue", "4")
    found = read_settings({"port": "8103"}, file=file)
    assert (found.port, found.queue, found.image_cache) == (8103, 4, 7)
    assert found.index == Path("/from/the/file")


def test_a_misspelt_variable_is_refused_with_the_known_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGA_CHEKPOINT", "somewhere")
    with pytest.raises(SettingsError, match=r"^AGA_CHEKPOINT: .*AGA_CHECKPOINT, "):
        read_settings({})


def test_a_variable_of_another_program_is_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGA_FAULTS", "50")
    assert read_settings({}).port == 8000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("prot: 8101", "prot: no such setting; known: allow_remote, "),
        ("_env_file: x", "_env_file: no such setting"),
        ("1: 2", "1: no such setting"),
        ("port", "write one setting a line"),
        ("port: [", "not YAML"),
        ("\x00", "not YAML"),
        ("port: many", "AGA_PORT: "),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(
    file: Path, content: str, message: str
) -> None:
    file.write_text(content)
    with pytest.raises(SettingsError) as caught:
        read_settings({}, file=file)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("hosts", ["http://a.example", "a.example:8000", "*.*", "a, b c"])
def test_what_is_no_host_name_is_refused(monkeypatch: pytest.MonkeyPatch, hosts: str) -> None:
    monkeypatch.setenv("AGA_ALLOWED_HOSTS", hosts)
    with pytest.raises(SettingsError, match="AGA_ALLOWED_HOSTS"):
        read_settings({})


def test_allowed_hosts_stand_beside_those_of_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGA_ALLOWED_HOSTS", "aga.example.org, *.example.net")
    known = ["127.0.0.1", "localhost", "[::1]", "aga.example.org", "*.example.net"]
    assert read_settings({}).known_hosts == known
