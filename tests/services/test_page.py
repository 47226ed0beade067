"""The page in a real browser, before a real server."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, sync_playwright

from tests.dicom_files import dicom_bytes
from tests.helpers import REPORTS
from tests.service.test_routes import picture

pytestmark = pytest.mark.services
KINDS = ("ct", "x-ray")
QUIET = os.environ | {"OMP_NUM_THREADS": "1"}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def address(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Ingest and serve on a free loopback port until the tests are done."""
    folder = tmp_path_factory.mktemp("page")
    rows = [
        {
            "image": "x.png",
            "report": text,
            "study_id": f"s{i}",
            "modality": KINDS[i % 2],
            "age": 60 + i,
        }
        for i, text in enumerate(REPORTS)
    ]
    (folder / "pairs.jsonl").write_text("\n".join(map(json.dumps, rows)))
    flags = ["--checkpoint", str(exported), "--index", str(folder / "index")]
    ingest = [sys.executable, "-m", "service.ingest", str(folder / "pairs.jsonl"), *flags]
    subprocess.run(ingest, check=True, env=QUIET)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "service", *flags, "--port", str(port)], env=QUIET
    )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_until_ready(address: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert server.poll() is None, "the server ended before it answered"
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=2).close()
        except OSError:
            time.sleep(0.1)  # nothing to wait on: the port opens when the model is loaded
        else:
            return
    raise AssertionError("the server did not answer in time")


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """Open the page; whatever its console complains about fails the test."""
    complaints: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        opened = browser.new_page(viewport={"width": 1280, "height": 900})
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        opened.goto(address)
        yield opened
        browser.close()
    assert not [text for text in complaints if "status of 4" not in text]


def choose(page: Page, data: bytes) -> None:
    page.set_input_files("#file", {"name": "x.png", "mimeType": "image/png", "buffer": data})


def test_an_image_brings_reports_scores_and_a_map_of_a_clicked_word(page: Page) -> None:
    choose(page, picture(320, 200))
    page.wait_for_selector("#classes li")
    assert page.locator("#reports > li").count() == len(REPORTS)
    plain = page.evaluate("document.getElementById('canvas').toDataURL()")
    page.locator("#reports .word").first.click()
    page.wait_for_selector("#shown:has-text('gathers')")
    assert page.evaluate("document.getElementById('canvas').toDataURL()") != plain
    if folder := os.environ.get("AGA_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/page.png", full_page=True)


def test_image_scores_and_reports_are_seen_without_scrolling(page: Page) -> None:
    choose(page, picture(200, 320))
    page.wait_for_selector("#classes li")
    for part in ("#canvas", "#classes li:last-child", "#reports > li:last-child"):
        box = page.locator(part).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 900, part


STRAYS = """() => [...document.querySelectorAll("#reports .word")].filter((word) => {
  if (!/^[.,;]/.test(word.nextSibling?.data ?? "")) return false;
  const mark = document.createRange();
  mark.setStart(word.nextSibling, 0);
  mark.setEnd(word.nextSibling, 1);
  return mark.getBoundingClientRect().top > word.getBoundingClientRect().bottom;
}).length"""


def test_a_full_stop_stays_with_its_word(page: Page) -> None:
    choose(page, picture(320, 200))
    page.wait_for_selector("#classes li")
    for width in range(320, 800, 8):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(STRAYS) == 0


@pytest.mark.parametrize(("wanted", "count"), [("modality = ct", 3), ("age=61", 1), ("age = 7", 0)])
def test_a_filter_keeps_the_reports_that_fit(page: Page, wanted: str, count: int) -> None:
    choose(page, picture(320, 200))
    page.wait_for_selector("#classes li")
    page.fill("#filter", wanted)
    with page.expect_response("**/retrieve*"):
        page.press("#filter", "Enter")
    page.wait_for_selector("body:not(.busy)")
    assert page.locator("#reports > li").count() == count
    assert page.is_visible("text=No report fits") == (count == 0)


def test_a_filter_without_a_value_shows_how_to_write_it(page: Page) -> None:
    choose(page, picture(320, 200))
    page.wait_for_selector("#classes li")
    page.fill("#filter", "modality")
    page.press("#filter", "Enter")
    page.wait_for_selector("#error:has-text('modality = ct')")
    assert page.locator("#reports > li").count() == len(REPORTS)


def test_an_own_word_is_shown_by_the_keyboard_alone(page: Page) -> None:
    choose(page, picture(320, 200))
    page.wait_for_selector("#token:enabled")
    page.focus("#token")
    page.keyboard.type("effusion")
    page.keyboard.press("Enter")
    page.wait_for_selector("#shown:has-text('effusion')")


def test_a_dicom_file_is_shown_and_asked_about(page: Page) -> None:
    stored = np.arange(200, dtype=np.uint16)[None].repeat(120, axis=0)
    choose(page, dicom_bytes(stored))
    page.wait_for_selector("#canvas:visible")
    assert page.evaluate("[canvas.width, canvas.height]") == [200, 120]
    middle = "[...canvas.getContext('2d').getImageData(100, 60, 1, 1).data]"
    assert page.evaluate(middle) == pytest.approx([128, 128, 128, 255], abs=1)


def test_a_wrong_file_shows_what_to_do(page: Page) -> None:
    choose(page, b"a line\n" * 10)
    page.wait_for_selector("#error:not([hidden])")
    assert "PNG" in (page.text_content("#error") or "")
    assert page.locator("#reports > li").count() == 0
