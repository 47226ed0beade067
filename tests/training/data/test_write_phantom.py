"""A phantom set is written whole or not at all (training.data.phantom.write)."""

from pathlib import Path

import pytest

from training.config import ConfigError
from training.data.phantom import write, write_phantom


def files_of(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_an_interrupted_run_leaves_no_manifest(tmp_path: Path) -> None:
    def stop(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    out = write_phantom(tmp_path / "pairs.jsonl", kind="eus", n=1, seed=0)
    with pytest.raises(KeyboardInterrupt):
        write_phantom(out, kind="eus", n=3, seed=0, progress=stop)
    assert not out.exists()


@pytest.mark.slow
def test_several_processes_write_what_one_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_phantom(tmp_path / "one" / "pairs.jsonl", kind="chest", n=4, seed=5)
    monkeypatch.setattr(write, "WORTH_A_PROCESS", 2)
    monkeypatch.setattr(write.os, "cpu_count", lambda: 2)
    write_phantom(tmp_path / "two" / "pairs.jsonl", kind="chest", n=4, seed=5)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


@pytest.mark.slow
def test_an_interrupted_run_of_several_processes_leaves_no_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(done: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(write, "WORTH_A_PROCESS", 2)
    monkeypatch.setattr(write.os, "cpu_count", lambda: 2)
    with pytest.raises(KeyboardInterrupt):
        write_phantom(tmp_path / "pairs.jsonl", kind="chest", n=4, seed=5, progress=stop)
    assert not (tmp_path / "pairs.jsonl").exists()


def test_progress_counts_every_study(tmp_path: Path) -> None:
    seen: list[int] = []
    write_phantom(tmp_path / "pairs.jsonl", kind="eus", n=3, seed=0, progress=seen.append)
    assert seen == [1, 2, 3]


@pytest.mark.parametrize(
    ("n", "seed", "size", "message"),
    [
        (0, 0, 256, "n must be at least 1, got 0"),
        (1, -1, 256, "seed must be at least 0, got -1"),
        (1, 0, 8, "size must be in"),
    ],
)
def test_impossible_settings_are_refused(
    tmp_path: Path, n: int, seed: int, size: int, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        write_phantom(tmp_path / "pairs.jsonl", kind="chest", n=n, seed=seed, size=size)
    assert not any(tmp_path.iterdir())


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="got 'knee'"):
        write_phantom(tmp_path / "pairs.jsonl", kind="knee", n=1, seed=0)  # type: ignore[arg-type]  # the point
