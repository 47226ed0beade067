"""Every call of the API, and what it says when the input is wrong."""

import json
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from service.app import create_app
from service.ingest import main as ingest
from service.resources import open_resources
from service.settings import Settings
from tests.dicom_bombs import BOMBS
from tests.dicom_files import dicom_bytes
from tests.helpers import LOCAL, REPORTS

pytestmark = pytest.mark.slow


def picture(width: int = 90, height: int = 60, seed: int = 0) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, size=(height, width), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def client(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("service")
    rows = [
        {"image": "x.png", "report": text, "study_id": f"s{number}", "site": "AB"[number % 2]}
        for number, text in enumerate(REPORTS)
    ]
    manifest = folder / "pairs.jsonl"
    manifest.write_text("\n".join(json.dumps(row) for row in rows))
    ingest([str(manifest), "--checkpoint", str(exported), "--index", str(folder / "index")])
    settings = Settings(checkpoint=exported, index=folder / "index", max_upload_bytes=100_000)
    with TestClient(create_app(open_resources(settings)), base_url=LOCAL) as session:
        yield session


def problem(response: object) -> dict[str, object]:
    """Check the shape of a problem and return it."""
    assert response.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    body: dict[str, object] = response.json()  # type: ignore[attr-defined]
    assert {"type", "title", "status", "detail", "request_id"} <= set(body)
    return body


def test_filters_keep_reports_of_the_field(client: TestClient) -> None:
    answer = client.post(
        "/retrieve", files={"image": picture()}, data={"filters": '{"site": "A"}'}
    ).json()
    assert [match["metadata"]["site"] for match in answer["matches"]] == ["A"] * 3


def test_group_re_ranking_orders_by_group_similarity(client: TestClient) -> None:
    answer = client.post(
        "/retrieve", files={"image": picture()}, params={"rerank": "groups"}
    ).json()
    values = [match["group_similarity"] for match in answer["matches"]]
    assert values == sorted(values, reverse=True)
    assert len(values) == len(REPORTS)


def test_a_wide_image_has_a_wide_grid_and_its_region(client: TestClient) -> None:
    answer = client.post(
        "/heatmap", files={"image": picture(128, 64)}, data={"token": "heart"}
    ).json()
    assert answer["grid"] == [2, 4]
    assert answer["region"] == {"x": 0.0, "y": 0.0, "width": 128.0, "height": 64.0}
    assert sum(answer["weights"]) == pytest.approx(1.0, abs=1e-5)
    assert len(answer["weights"]) == len(answer["similarity"]) == 8


def test_a_heatmap_uses_the_report_as_context(client: TestClient) -> None:
    sent = client.post("/embed/image", files={"image": picture()}).json()
    query = {"token": "left pleural", "report_id": "s0", "image_id": sent["image_id"]}
    answer = client.get("/heatmap", params=query).json()
    assert answer["text"] == REPORTS[0]
    assert "effusion" in answer["words"]


def test_a_heatmap_says_how_far_to_trust_it(client: TestClient) -> None:
    ask = partial(client.post, "/heatmap", files={"image": picture()})
    answer, control = (ask(data={"token": word}).json() for word in ("heart", "image"))
    trust = answer["trust"]
    assert trust["localization"] is None  # nobody has measured this model
    assert trust["highest_similarity"] == pytest.approx(max(answer["similarity"]), abs=1e-6)
    assert trust["control"] == {
        "token": "image",
        "group_size": control["group_size"],
        "highest_similarity": pytest.approx(max(control["similarity"]), abs=1e-6),
        "same_strongest_patch": np.argmax(answer["weights"]) == np.argmax(control["weights"]),
    }


def test_the_control_word_has_no_control(client: TestClient) -> None:
    answer = client.post("/heatmap", files={"image": picture()}, data={"token": "Image"}).json()
    assert answer["trust"]["control"] is None


@pytest.mark.parametrize("place", ["query", "form"])
def test_a_heatmap_as_picture_has_the_size_of_the_image(client: TestClient, place: str) -> None:
    asked = {"format": "png"}
    answer = client.post(
        "/heatmap",
        files={"image": picture(90, 60)},
        data={"token": "heart"} | (asked if place == "form" else {}),
        params=asked if place == "query" else {},
    )
    with Image.open(BytesIO(answer.content)) as image:
        assert image.size == (90, 60)


def test_own_prompts_compete(client: TestClient) -> None:
    prompts = json.dumps({"heart": ["large heart"], "lung": ["clear lungs", "lung mass"]})
    answer = client.post("/zeroshot", files={"image": picture()}, data={"prompts": prompts}).json()
    assert sum(row["probability"] for row in answer["classes"]) == pytest.approx(1.0)
    assert answer["mode"] == "classes"


def test_texts_of_ten_lines_are_embedded(client: TestClient) -> None:
    answer = client.post("/embed/text", json={"texts": ["\n".join(REPORTS * 2)]}).json()
    assert np.linalg.norm(answer["embeddings"][0]) == pytest.approx(1.0, abs=1e-5)


def test_a_dicom_image_is_asked_about_as_any_other(client: TestClient) -> None:
    pixels = np.random.default_rng(0).integers(0, 4096, (60, 120), dtype=np.uint16)
    files = {"image": dicom_bytes(pixels, BitsStored=12)}
    answer = client.post("/heatmap", files=files, data={"token": "heart"}).json()
    assert answer["grid"] == [2, 4]
    assert answer["region"]["width"] == pytest.approx(120)


def test_an_image_that_was_sent_is_shown_as_a_grey_png(client: TestClient) -> None:
    stored = np.arange(0, 255, dtype=np.uint8)[None].repeat(30, axis=0)
    files = {"image": dicom_bytes(255 - stored, PhotometricInterpretation="MONOCHROME1")}
    sent = client.post("/embed/image", files=files).json()
    shown = client.get(f"/images/{sent['image_id']}")
    assert shown.headers["content-type"] == "image/png"
    with Image.open(BytesIO(shown.content)) as image:
        assert np.abs(np.asarray(image).astype(int) - stored).max() <= 1


def test_an_image_that_was_never_sent_is_not_found(client: TestClient) -> None:
    assert problem(client.get("/images/unknown"))["status"] == 404


@pytest.mark.parametrize(
    ("bomb", "status"), [("side of 65,535", 413), ("nested sequences", 422), ("false length", 422)]
)
def test_a_dicom_bomb_is_refused(client: TestClient, bomb: str, status: int) -> None:
    files = {"image": BOMBS[bomb]()[:99_000]}
    assert problem(client.post("/retrieve", files=files))["status"] == status


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/model", "/index", "/prompt-sets"])
def test_status_calls_answer(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_the_page_forbids_foreign_scripts(client: TestClient) -> None:
    page = client.get("/")
    assert "not for clinical use" in page.text
    assert page.headers["content-security-policy"].startswith(
        "default-src 'none'; script-src 'self'"
    )


@pytest.mark.parametrize(
    ("data", "status"), [(b"", 422), (b"a line\n" * 10, 415), (picture()[:40], 422)]
)
def test_a_file_that_is_no_image_is_refused(client: TestClient, data: bytes, status: int) -> None:
    assert problem(client.post("/retrieve", files={"image": data}))["status"] == status


@pytest.mark.parametrize(
    ("path", "takes"),
    [
        ("/retrieve", "image, filters"),
        ("/zeroshot", "image, prompt_set, prompts"),
        ("/heatmap", "image, token, text, format"),
        ("/embed/image", "image"),
    ],
)
def test_an_unknown_form_field_is_refused_with_the_known_ones(
    client: TestClient, path: str, takes: str
) -> None:
    form = {"token": "heart", "filter": "{}"} if path == "/heatmap" else {"filter": "{}"}
    answer = client.post(path, files={"image": picture()}, data=form)
    assert answer.status_code == 422
    assert str(problem(answer)["detail"]).endswith(f"takes {takes}")


def test_a_file_over_the_limit_is_refused(client: TestClient) -> None:
    answer = client.post("/retrieve", files={"image": picture(600, 400)})
    assert problem(answer)["status"] == 413


@pytest.mark.parametrize("k", [0, 101, "many"])
def test_k_outside_its_range_is_refused(client: TestClient, k: object) -> None:
    answer = client.post("/retrieve", files={"image": picture()}, params={"k": str(k)})
    assert "k" in str(problem(answer)["detail"])


@pytest.mark.parametrize("filters", ["[1]", "{", '{"age": {"over": 3}}'])
def test_wrong_filters_are_refused(client: TestClient, filters: str) -> None:
    answer = client.post("/retrieve", files={"image": picture()}, data={"filters": filters})
    assert str(problem(answer)["detail"]).startswith("filters")


def test_an_unknown_prompt_set_names_the_known_ones(client: TestClient) -> None:
    answer = client.post("/zeroshot", files={"image": picture()}, data={"prompt_set": "none"})
    assert "phantom-chest" in str(problem(answer)["detail"])


def test_a_token_outside_the_context_lists_its_words(client: TestClient) -> None:
    client.post("/embed/image", files={"image": picture()})
    answer = client.get("/heatmap", params={"token": "mass", "text": "clear lungs"})
    assert "clear, lungs" in str(problem(answer)["detail"])
    assert answer.status_code == 422


@pytest.mark.parametrize("query", [{"image_id": "gone"}, {"report_id": "gone"}])
def test_what_does_not_exist_is_not_found(client: TestClient, query: dict[str, str]) -> None:
    client.post("/embed/image", files={"image": picture()})
    answer = client.get("/heatmap", params={"token": "heart"} | query)
    assert problem(answer)["status"] == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/reports/1"), ("DELETE", "/reports"), ("POST", "/reports"), ("GET", "/metrics")],
)
def test_what_is_not_built_says_so(client: TestClient, method: str, path: str) -> None:
    assert problem(client.request(method, path))["status"] == 501


def test_an_unknown_path_is_a_problem_too(client: TestClient) -> None:
    assert problem(client.get("/nowhere"))["status"] == 404
