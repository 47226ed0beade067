"""An upload on its way to the model."""

import asyncio
import threading
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import UploadFile

from service import uploads
from service.images import image_id_of
from service.telemetry import Hops


def test_an_upload_is_hashed_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def watched(data: bytes) -> str:
        threads.append(threading.current_thread())
        return image_id_of(data)

    monkeypatch.setattr(uploads, "image_id_of", watched)  # only its thread is of interest
    images = SimpleNamespace(find=lambda image_id: image_id, add=lambda image: None)
    room: Any = SimpleNamespace(  # Any: the part of Resources that a known image needs
        settings=SimpleNamespace(max_upload_bytes=100), images=images
    )
    data = b"\x89PNG\r\n\x1a\n"
    seen = asyncio.run(uploads.see(UploadFile(BytesIO(data)), room, Hops()))
    assert seen == image_id_of(data)
    assert threads != [threading.main_thread()]
