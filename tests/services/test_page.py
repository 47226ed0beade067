"""The page in a real browser, against a real server."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from service.ingest import main as ingest
from tests.helpers import REPORTS
from training.data.phantom import write_phantom

pytestmark = pytest.mark.services
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def address(exported: Path, tmp_path: Path) -> Iterator[str]:
    manifest = tmp_path / "pairs.jsonl"
    manifest.write_text("\n".join(json.dumps({"report": text}) for text in REPORTS))
    index = tmp_path / "index"
    ingest([str(manifest), "--checkpoint", str(exported), "--index", str(index)])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    flags = ["--checkpoint", str(exported), "--index", str(index), "--port", str(port)]
    server = subprocess.Popen([sys.executable, "-m", "service", *flags], stderr=subprocess.PIPE)
    assert server.stderr is not None
    while b"running on" not in (line := server.stderr.readline()):
        assert line, "the server ended before it listened"
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.communicate(timeout=20)


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        yield browser.new_page()
        browser.close()


def test_an_image_gives_reports_scores_and_a_map_for_a_clicked_word(
    page: Page, address: str, tmp_path: Path
) -> None:
    write_phantom(tmp_path / "phantom/pairs.jsonl", kind="chest", n=1, seed=0)
    image = next((tmp_path / "phantom/images").iterdir())
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(address)
    page.set_input_files("#file", image)
    page.wait_for_selector("#canvas:visible")
    assert page.locator("#reports li").count() == len(REPORTS)
    assert page.locator("#classes li").count() == 10
    page.locator(".word").first.click()
    page.wait_for_selector(".word.on")
    assert "patches" in (page.text_content("#shown") or "")
    assert faults == []


def test_a_wrong_file_is_explained(page: Page, address: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.png"
    wrong.write_text("no image")
    page.goto(address)
    page.set_input_files("#file", wrong)
    page.wait_for_selector("#error:visible")
    assert "not a readable PNG or JPEG" in (page.text_content("#error") or "")
