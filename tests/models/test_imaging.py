"""Image files become grey pixels, or a named error."""

import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from models.imaging import ImageTooLarge, UnreadableImage, read_image, read_image_file

RAMP = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


PNG = encode(Image.fromarray(RAMP))


def test_a_grey_png_is_read_exactly() -> None:
    np.testing.assert_array_equal(read_image(PNG), RAMP)


def test_a_jpeg_is_read_nearly() -> None:
    data = encode(Image.fromarray(RAMP), "JPEG", quality=100)
    assert np.abs(read_image(data).astype(int) - RAMP).max() <= 3


def test_a_color_picture_becomes_its_luminance() -> None:
    assert read_image(encode(Image.new("RGB", (2, 1), (255, 0, 0)))).tolist() == [[76, 76]]


def test_a_cmyk_jpeg_is_read() -> None:
    assert read_image(encode(Image.new("CMYK", (9, 7)), "JPEG")).shape == (7, 9)


def test_a_palette_is_read_as_its_colors() -> None:
    image = Image.fromarray(RAMP).convert("P")
    np.testing.assert_array_equal(read_image(encode(image)), np.asarray(image.convert("L")))


def test_a_one_bit_picture_is_black_and_white() -> None:
    image = Image.fromarray(np.array([[0, 255]], dtype=np.uint8)).convert("1")
    assert read_image(encode(image)).tolist() == [[0, 255]]


def test_sixteen_bits_are_scaled_by_full_range() -> None:
    wide = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    assert read_image(encode(Image.fromarray(wide))).tolist() == [[0, 1, 128, 255]]


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparency_lies_on_black(mode: str) -> None:
    image = Image.new("RGBA", (2, 1), (255, 255, 255, 0))
    image.putpixel((1, 0), (255, 255, 255, 255))
    assert read_image(encode(image.convert(mode))).tolist() == [[0, 255]]


def test_a_transparent_palette_color_lies_on_black() -> None:
    image = Image.new("P", (1, 1), 0)
    image.putpalette([255, 255, 255])
    assert read_image(encode(image, transparency=0)).tolist() == [[0]]


def test_a_turned_picture_is_set_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter to the right
    turned = read_image(encode(Image.fromarray(RAMP), exif=exif))
    np.testing.assert_array_equal(turned, np.rot90(RAMP, -1))


def test_an_empty_file_is_named_empty() -> None:
    with pytest.raises(UnreadableImage, match="empty"):
        read_image(b"")


@pytest.mark.parametrize(
    "data", [b"garbage", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0" + b"\0" * 9]
)
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableImage):
        read_image(data)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(UnreadableImage, match="PNG, JPEG or DICOM"):
        read_image(encode(Image.fromarray(RAMP), kind))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_truncated_file_is_refused(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    data = encode(Image.fromarray(noise), kind)
    with pytest.raises(UnreadableImage):
        read_image(data[: len(data) // 2])


@given(place=st.integers(0, len(PNG) - 1), byte=st.integers(0, 255))
@settings(max_examples=100, deadline=None)
def test_a_changed_byte_gives_pixels_or_the_named_error(place: int, byte: int) -> None:
    broken = PNG[:place] + bytes([byte]) + PNG[place + 1 :]
    with suppress(UnreadableImage):
        assert read_image(broken, max_pixels=10_000).dtype == np.uint8


def test_a_picture_at_the_limit_is_read() -> None:
    assert read_image(PNG, max_pixels=RAMP.size).shape == RAMP.shape


def test_a_picture_over_the_limit_is_refused_with_both_numbers() -> None:
    with pytest.raises(ImageTooLarge, match="48 pixels; at most 47"):
        read_image(PNG, max_pixels=RAMP.size - 1)


@pytest.mark.parametrize("side", [9_000, 12_000, 16_000])  # around both limits of Pillow's own
def test_a_bomb_is_refused_by_its_header(side: int) -> None:
    bomb = bytearray(PNG[:33])
    bomb[16:24] = side.to_bytes(4, "big") * 2
    checksum = zlib.crc32(bytes(bomb[12:29]))
    bomb[29:33] = checksum.to_bytes(4, "big")
    with pytest.raises(ImageTooLarge):
        read_image(bytes(bomb) + PNG[33:])


def test_a_picture_has_one_frame() -> None:
    np.testing.assert_array_equal(read_image(PNG, frame=1), RAMP)
    with pytest.raises(UnreadableImage, match="no frame 2"):
        read_image(PNG, frame=2)


def test_a_file_over_the_limit_of_bytes_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "large.png").write_bytes(PNG)
    monkeypatch.setattr("models.imaging.MAX_FILE_BYTES", len(PNG) - 1)
    with pytest.raises(ImageTooLarge, match=r"large\.png: the file is larger than"):
        read_image_file(tmp_path / "large.png")


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"garbage")
    with pytest.raises(UnreadableImage, match=r"broken\.png"):
        read_image_file(tmp_path / "broken.png")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match=r"missing\.png"):
        read_image_file(tmp_path / "missing.png")
