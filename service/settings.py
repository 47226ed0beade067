"""Everything that the server is told, from `AGA_…` variables or flags, read once."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SettingsError(ValueError):
    """The server cannot start with these settings; the message says what to change."""


class Settings(BaseSettings):
    """Where the model and the index are, where to listen, and the limits."""

    model_config = SettingsConfigDict(env_prefix="AGA_", frozen=True, extra="ignore")

    checkpoint: Path = Path("demo/runs/demo/checkpoint")
    index: Path = Path("demo/index")
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    engine: Literal["onnx", "torch"] = "onnx"
    allow_remote: bool = False  # there is no login yet: only behind something that has one
    max_upload_bytes: int = Field(20_000_000, ge=1)
    image_cache: int = Field(256, ge=1)  # images whose patches are kept for heatmaps
    image_cache_bytes: int = Field(512_000_000, ge=1)  # memory that they may take together
    queue: int = Field(16, ge=1)  # requests that may wait for the engine
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def check(self) -> "Settings":
        """Return the settings if they can be used.

        Raises:
            SettingsError: the address can be reached from elsewhere, and nobody has to log in.
        """
        if self.host not in LOOPBACK and not self.allow_remote:
            raise SettingsError(
                f"host {self.host!r}: without login the server stays on loopback; "
                "set AGA_ALLOW_REMOTE=1 behind a proxy that asks who calls"
            )
        return self
