"""Limits, faults and logs: one shape of problem, and nothing given away."""

import asyncio
import dataclasses
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from models.checkpoint import open_checkpoint
from service.app import create_app
from service.engine.onnx_engine import OnnxEngine
from service.engine.queue import WorkQueue
from service.errors import Busy
from service.index.faiss_index import IndexFault, Report, open_index, write_index
from service.index.filters import fits
from service.resources import Resources, open_resources
from service.settings import Settings
from service.telemetry import Hops
from tests.helpers import LOCAL
from tests.service.test_routes import picture, problem

pytestmark = pytest.mark.slow
TEXTS = ("large heart", "clear lungs", "a mass", "no effusion", "edema")
METADATA = (
    {"view": "PA", "age": 60},
    {"view": "AP", "age": 40},
    {"age": "71"},
    {"tags": ["a"]},
    {},
)
REPORTS = [Report(f"r{i}", t, m) for i, (t, m) in enumerate(zip(TEXTS, METADATA, strict=True))]


@pytest.fixture(scope="module")
def engine(exported: Path) -> OnnxEngine:
    return OnnxEngine(open_checkpoint(exported))


@pytest.fixture
def room(exported: Path, engine: OnnxEngine, tmp_path: Path) -> Resources:
    vectors = engine.encode_texts(TEXTS).pooled
    write_index(tmp_path / "index", vectors, REPORTS, identity=engine.identity, precision="fp32")
    settings = Settings(
        checkpoint=exported,
        index=tmp_path / "index",
        max_upload_bytes=50_000,
        image_cache=2,
        queue=2,
    )
    return open_resources(settings)


@pytest.fixture
def client(room: Resources) -> Iterator[TestClient]:
    with TestClient(create_app(room), LOCAL, raise_server_exceptions=False) as session:
        yield session


@pytest.mark.parametrize(
    "filters",
    [
        {"view": "PA"},
        {"view": ["PA", "AP"]},
        {"age": {"min": 50}},
        {"age": {"min": 30, "max": 60}},
        {"age": 71},
        {"tags": "a"},
        {"view": "lateral"},
        {},
    ],
)
def test_filtered_search_finds_what_brute_force_finds(
    client: TestClient, room: Resources, filters: dict[str, Any]
) -> None:
    answer = client.post(
        "/retrieve?k=100", files={"image": picture()}, data={"filters": json.dumps(filters)}
    ).json()
    query = room.images.get(answer["image_id"]).embedded.pooled[0]
    scores = room.engine.encode_texts(TEXTS).pooled @ query
    order = [REPORTS[place] for place in np.argsort(-scores)]
    expected = [report.report_id for report in order if fits(report.metadata, filters)]
    assert [match["report_id"] for match in answer["matches"]] == expected


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/retrieve", {"filters": "[" * 9_000}),
        ("/retrieve", {"filters": '{"age": {"min": true}}'}),
        ("/zeroshot", {"prompts": "[" * 100_000}),
        ("/zeroshot", {"prompts": json.dumps({"mass": ["mass"] * 300})}),
        ("/zeroshot", {"prompts": '{"mass": ["..."]}'}),
        ("/zeroshot", {"prompts": '{"mass": ["a \\ud800 mass"]}'}),
        ("/zeroshot", {"prompts": '{"\\udfff": ["mass"], "other": ["heart"]}'}),
        ("/retrieve", {"filters": '{"view": "\\ud800"}'}),
        ("/retrieve", {"filters": '{"age": {"min": 1e999}}'}),
        ("/zeroshot", {"prompts": "{}", "prompt_set": "phantom-chest"}),
    ],
)
def test_forms_that_cannot_be_used_are_refused(
    client: TestClient, path: str, form: dict[str, str]
) -> None:
    answer = client.post(path, files={"image": picture()}, data=form)
    assert problem(answer)["status"] == 422


def test_a_body_over_the_limit_is_a_problem_too(client: TestClient) -> None:
    answer = client.post("/retrieve", files={"image": bytes(2_000_000)})
    assert problem(answer)["status"] == 413
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:8000", "AGA.example.org"])
def test_a_host_of_ours_is_answered(room: Resources, host: str) -> None:
    settings = room.settings.model_copy(update={"allowed_hosts": "other, *.example.org"})
    client = TestClient(create_app(dataclasses.replace(room, settings=settings)))
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil@127.0.0.1", ""])
def test_a_foreign_name_for_the_server_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/", headers={"host": host})
    assert problem(answer)["status"] == 400
    assert "AGA_ALLOWED_HOSTS" in answer.text


def test_a_fault_of_the_server_shows_no_internals(
    room: Resources, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:  # Any: never returns
            raise RuntimeError("Mrs Miller")

    broken = dataclasses.replace(room, engine=Broken())
    with (
        caplog.at_level(logging.INFO, "service"),
        TestClient(create_app(broken), LOCAL, raise_server_exceptions=False) as client,
    ):
        answer = client.get("/model", headers={"X-Request-ID": "abc-1"})
    assert problem(answer)["status"] == 500
    assert answer.headers["x-request-id"] == "abc-1"
    assert "Miller" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text


def test_a_request_logs_one_line_without_content(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "service"):
        client.post("/heatmap", files={"image": ("miller.png", picture())}, data={"token": "heart"})
    (line,) = [record.getMessage() for record in caplog.records if record.name == "service"]
    event = json.loads(line)
    assert (event["route"], event["status"]) == ("/heatmap", 200)
    assert {"read", "queue", "decode", "encode", "heatmap", "total"} <= set(event["ms"])
    assert "miller" not in line


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/web/app.js", "/web/{path}"),
        ("/web/gone", "/web/{path}"),
        ("/openapi.json", "/openapi.json"),
        ("/reports/r1", "/reports/{report_id:path}"),
        ("/nowhere", "none"),
    ],
)
def test_a_line_names_the_route_not_the_address(
    client: TestClient, caplog: pytest.LogCaptureFixture, path: str, route: str
) -> None:
    with caplog.at_level(logging.INFO, "service"):
        client.get(path)
    assert json.loads(caplog.records[0].getMessage())["route"] == route


def test_what_was_sent_is_not_repeated(client: TestClient) -> None:
    answer = client.post("/embed/text", json={"texts": [{"secret": "Mrs Miller"}]})
    assert problem(answer)["status"] == 422
    assert "Miller" not in answer.text


def test_half_a_surrogate_pair_is_no_text_to_embed(client: TestClient) -> None:
    body, kind = b'{"texts": ["a \\ud800 mass"]}', {"content-type": "application/json"}
    assert problem(client.post("/embed/text", content=body, headers=kind))["status"] == 422


def test_a_form_in_another_charset_cannot_bring_half_a_surrogate_pair(client: TestClient) -> None:
    parts = (
        b'--x\r\nContent-Disposition: form-data; name="image"; filename="x.png"\r\n\r\n',
        picture(),
        b'\r\n--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n+2AA- heart\r\n--x--\r\n',
    )
    kind = {"content-type": "multipart/form-data; boundary=x; charset=utf-7"}
    answer = client.post("/heatmap", content=b"".join(parts), headers=kind)
    assert problem(answer)["status"] == 422


def test_a_full_queue_refuses_at_once() -> None:
    queue, gate = WorkQueue(limit=1), threading.Event()

    async def crowd() -> list[object]:
        waiting = [asyncio.create_task(queue.run(gate.wait, Hops())) for _ in range(3)]
        await asyncio.sleep(0)
        gate.set()
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    outcomes = asyncio.run(crowd())
    queue.close()
    assert outcomes[:2] == [True, True]
    assert isinstance(outcomes[2], Busy)
    assert outcomes[2].headers == {"Retry-After": "1"}


def test_an_image_makes_room_for_later_ones(client: TestClient) -> None:
    sent = [
        client.post("/embed/image", files={"image": picture(seed=seed)}).json()["image_id"]
        for seed in range(3)
    ]
    shown = [client.get("/heatmap", params={"token": "heart", "image_id": i}) for i in sent]
    assert [answer.status_code for answer in shown] == [404, 200, 200]


def test_texts_say_when_they_were_cut(client: TestClient) -> None:
    answer = client.post("/embed/text", json={"texts": ["a mass", "heart " * 200]}).json()
    assert answer["truncated"] == [False, True]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format_version": 2}'])
def test_an_index_manifest_of_another_kind_is_refused(room: Resources, content: str) -> None:
    (room.settings.index / "manifest.json").write_text(content)
    with pytest.raises(IndexFault, match="manifest"):
        open_index(room.settings.index, identity=room.engine.identity, precision="fp32")
