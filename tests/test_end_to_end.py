"""The whole loop at tiny size: phantom, pretrain, export, ingest, and a real server's answers."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.helpers import TINY

ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1"}
pytestmark = pytest.mark.slow


def run(module: str, *arguments: str) -> str:
    """Run a program as a user does and return the last line that it prints."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ONE_THREAD)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Make data, checkpoint and index by the programs alone."""
    folder = tmp_path_factory.mktemp("loop")
    manifest = folder / "data/pairs.jsonl"
    run("training.data", "phantom", "--n", "60", "--seed", "2", "--out", str(manifest))
    settings = ["--config", "demo", f"data.manifest={manifest}", f"out={folder}", *TINY]
    checkpoint = Path(run("training.pretrain", *settings))
    run("models.export", str(checkpoint))
    index = Path(run("service.ingest", str(manifest), "--checkpoint", str(checkpoint)))
    return {"manifest": manifest, "checkpoint": checkpoint, "index": index}


@pytest.fixture(scope="module")
def client(made: dict[str, Path]) -> Iterator[httpx.Client]:
    """Serve on a free loopback port until the tests are done."""
    port = free_port()
    flags = ["--checkpoint", str(made["checkpoint"]), "--index", str(made["index"])]
    server = subprocess.Popen(
        [sys.executable, "-m", "service", *flags, "--port", str(port)], env=ONE_THREAD
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as session:
            wait_until_ready(session, server)
            yield session
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_until_ready(session: httpx.Client, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, "the server ended before it answered"
        try:
            if session.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)  # nothing to wait on: the port opens when the model is loaded
    raise AssertionError("the server did not answer within a minute")


@pytest.fixture(scope="module")
def upload(made: dict[str, Path]) -> dict[str, bytes]:
    image = sorted((made["manifest"].parent / "images").iterdir())[0]
    return {"image": image.read_bytes()}


def test_the_evaluation_writes_its_figures(made: dict[str, Path], tmp_path: Path) -> None:
    last = run(
        "training.evaluate",
        *("--checkpoint", str(made["checkpoint"]), "--data", str(made["manifest"])),
        *("--split", "train", "--out", str(tmp_path)),
    )
    assert last.startswith("|")
    assert (tmp_path / "metrics.json").is_file()
    assert (tmp_path / "localization.jsonl").is_file()


def test_retrieval_returns_reports_best_first(
    client: httpx.Client, upload: dict[str, bytes]
) -> None:
    answer = client.post("/retrieve", files=upload, params={"k": 3}).raise_for_status().json()
    similarities = [match["similarity"] for match in answer["matches"]]
    assert [match["rank"] for match in answer["matches"]] == [1, 2, 3]
    assert similarities == sorted(similarities, reverse=True)
    assert all(match["report"] for match in answer["matches"])


def test_zero_shot_scores_every_class(client: httpx.Client, upload: dict[str, bytes]) -> None:
    form = {"prompt_set": "phantom-chest"}
    answer = client.post("/zeroshot", files=upload, data=form).raise_for_status().json()
    assert answer["prediction"] == answer["classes"][0]["label"]
    assert all(0 <= row["probability"] <= 1 for row in answer["classes"])


def test_a_heatmap_of_the_latest_image_sums_to_one(
    client: httpx.Client, upload: dict[str, bytes]
) -> None:
    client.post("/retrieve", files=upload).raise_for_status()
    answer = client.get("/heatmap", params={"token": "heart"}).raise_for_status().json()
    rows, columns = answer["grid"]
    assert len(answer["weights"]) == rows * columns
    assert sum(answer["weights"]) == pytest.approx(1.0, abs=1e-5)


def test_both_engines_give_the_same_embedding(
    made: dict[str, Path], client: httpx.Client, upload: dict[str, bytes]
) -> None:
    from models.checkpoint import open_checkpoint
    from models.imaging import read_image
    from models.preprocessing import prepare
    from service.engine.torch_engine import TorchEngine

    engine = TorchEngine(open_checkpoint(made["checkpoint"]))
    prepared = prepare(read_image(upload["image"]), engine.config.preprocessing)
    served = client.post("/embed/image", files=upload).raise_for_status().json()["embeddings"][0]
    assert served == pytest.approx(engine.encode_images([prepared]).pooled[0], abs=1e-4)


def test_a_checkpoint_of_another_model_refuses_to_serve(
    made: dict[str, Path], tmp_path: Path
) -> None:
    from tests.helpers import tiny_checkpoint

    other = tiny_checkpoint(tmp_path / "other")
    command = [sys.executable, "-m", "service", "--checkpoint", str(other)]
    done = subprocess.run(
        [*command, "--index", str(made["index"]), "--port", str(free_port())],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "made by model" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
