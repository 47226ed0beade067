"""Files that differ in their encoding alone give the same grey."""

from collections.abc import Sequence

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset

from models.imaging import ImageTooLarge, UnreadableImage, is_dicom, read_image
from tests.dicom_files import LOSSLESS, dicom_bytes, table_item

CHANCE = np.random.default_rng(0)
# A twelve-bit picture that is smooth, as pictures are, with a little noise; synthetic.
WAVES = np.add.outer(np.sin(np.arange(40) / 9), np.cos(np.arange(52) / 11))
WIDE = (2048 + 900 * WAVES + CHANCE.normal(0, 8, WAVES.shape)).astype(np.uint16)
NARROW = (WIDE >> 4).astype(np.uint8)
WINDOW = {"WindowCenter": 2048, "WindowWidth": 3000}
GREY = read_image(dicom_bytes(WIDE, BitsStored=12, **WINDOW))


def apart(data: bytes, other: np.ndarray = GREY) -> int:
    return int(np.abs(read_image(data).astype(int) - other).max())


@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda syntax: syntax.name)
def test_a_lossless_encoding_changes_nothing(syntax: uid.UID) -> None:
    assert apart(dicom_bytes(WIDE, syntax, BitsStored=12, **WINDOW)) == 0


@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda syntax: syntax.name)
def test_signed_values_are_read_in_every_encoding(syntax: uid.UID) -> None:
    signed = WIDE.astype(np.int16) - 2048
    data = dicom_bytes(signed, syntax, BitsStored=12, WindowCenter=0, WindowWidth=3000)
    assert apart(data) == 0


@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda syntax: syntax.name)
def test_eight_bits_are_read_in_every_encoding(syntax: uid.UID) -> None:
    data = dicom_bytes(
        NARROW, syntax, VOILUTFunction="LINEAR_EXACT", WindowCenter=128, WindowWidth=256
    )
    assert apart(data, NARROW) <= 1


@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda syntax: syntax.name)
def test_colors_become_their_luminance_in_every_encoding(syntax: uid.UID) -> None:
    color = CHANCE.integers(0, 256, (24, 28, 3), dtype=np.uint8)
    luminance = np.rint(color @ [0.299, 0.587, 0.114])
    kind = "YBR_RCT" if syntax in uid.JPEG2000TransferSyntaxes else "RGB"
    assert apart(dicom_bytes(color, syntax, PhotometricInterpretation=kind), luminance) <= 1


@pytest.mark.parametrize(
    ("syntax", "stored"), [(uid.JPEGBaseline8Bit, NARROW), (uid.JPEGExtended12Bit, WIDE)]
)
def test_a_lossy_jpeg_differs_by_its_loss(syntax: uid.UID, stored: np.ndarray) -> None:
    bits = 8 if stored is NARROW else 12
    whole = {"WindowCenter": 2**bits // 2, "WindowWidth": 2**bits, "BitsStored": bits}
    plain = read_image(dicom_bytes(stored, **whole))
    assert apart(dicom_bytes(stored, syntax, **whole), plain) <= 4  # quality 95


def test_a_color_jpeg_gives_its_luminance() -> None:
    color = np.stack([NARROW, NARROW // 2, 255 - NARROW], axis=-1)
    luminance = np.rint(color @ [0.299, 0.587, 0.114])
    data = dicom_bytes(color, uid.JPEGBaseline8Bit, PhotometricInterpretation="YBR_FULL_422")
    assert apart(data, luminance) <= 6  # halved color resolution, quality 95


def test_the_first_sample_of_luminance_and_chrominance_is_read() -> None:
    samples = np.stack([NARROW, NARROW // 3, NARROW // 5], axis=-1)
    assert apart(dicom_bytes(samples, PhotometricInterpretation="YBR_FULL"), NARROW) == 0


def test_planes_and_pixels_of_colors_are_the_same() -> None:
    color = CHANCE.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    by_plane = np.moveaxis(color, -1, 0).reshape(6, 8, 3)
    assert apart(dicom_bytes(by_plane, PlanarConfiguration=1), read_image(dicom_bytes(color))) == 0


def test_monochrome_1_is_the_mirrored_monochrome_2() -> None:
    data = dicom_bytes(
        4095 - WIDE, BitsStored=12, PhotometricInterpretation="MONOCHROME1",
        WindowCenter=2048, WindowWidth=3000,
    )  # fmt: skip
    assert apart(data) <= 1


def test_a_table_of_values_of_interest_equals_its_window() -> None:
    shares = np.clip((np.arange(4096) - 2047.5) / 2999 + 0.5, 0, 1)
    table = table_item(list(np.rint(shares * 65535).astype(int)), first=0, bits=16)
    assert apart(dicom_bytes(WIDE, BitsStored=12, VOILUTSequence=[table])) <= 1


@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian])
def test_tables_are_read_whatever_the_encoding(syntax: uid.UID) -> None:
    table = table_item(range(0, 65536, 16), first=-2048, bits=16)
    if not syntax.is_little_endian:
        table.LUTData = np.arange(0, 65536, 16).astype(">u2").tobytes()
    signed = WIDE.astype(np.int16) - 2048
    data = dicom_bytes(signed, syntax, BitsStored=12, VOILUTSequence=[table])
    assert apart(data, np.rint(WIDE / 4095.9375 * 255)) <= 1


def test_a_rescaled_picture_equals_one_of_rescaled_values() -> None:
    baked = WIDE.astype(np.int16) * 2 - 1024
    window = {"WindowCenter": 3000, "WindowWidth": 4000}
    rescaled = dicom_bytes(WIDE, BitsStored=12, RescaleSlope=2, RescaleIntercept=-1024, **window)
    assert apart(rescaled, read_image(dicom_bytes(baked, **window))) == 0


def test_a_modality_table_equals_its_slope() -> None:
    table = table_item(range(100, 4196), first=0, bits=16)
    window = {"WindowCenter": 2148, "WindowWidth": 3000}
    assert apart(dicom_bytes(WIDE, BitsStored=12, ModalityLUTSequence=[table], **window)) == 0


def test_a_palette_gives_the_luminance_of_its_colors() -> None:
    ramp = np.arange(256, dtype=np.uint16)
    data = {}
    for name, values in (("Red", ramp), ("Green", ramp[::-1]), ("Blue", ramp)):
        data[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        data[f"{name}PaletteColorLookupTableData"] = (values * 257).astype("<u2").tobytes()
    grey = np.rint(0.413 * NARROW + 0.587 * (255 - NARROW.astype(int)))
    assert apart(dicom_bytes(NARROW, PhotometricInterpretation="PALETTE COLOR", **data), grey) <= 1


def test_bits_beyond_those_stored_mean_nothing() -> None:
    overlaid = WIDE | (CHANCE.integers(0, 16, WIDE.shape).astype(np.uint16) << 12)
    assert apart(dicom_bytes(overlaid, BitsStored=12, **WINDOW)) == 0


def test_without_a_window_grey_runs_from_least_to_greatest() -> None:
    stored = np.array([[100, 150, 300]], dtype=np.uint16)
    assert read_image(dicom_bytes(stored)).tolist() == [[0, 64, 255]]


def test_padding_is_black_and_no_part_of_the_range() -> None:
    stored = np.array([[0, 100, 300, 65000]], dtype=np.uint16)
    padded = {"PixelPaddingValue": 65000, "PixelPaddingRangeLimit": 60000}
    assert read_image(dicom_bytes(stored, **padded)).tolist() == [[0, 85, 255, 0]]


def test_padding_is_black_where_the_least_value_is_white() -> None:
    stored = np.array([[0, 100, 300]], dtype=np.uint16)
    kind = {"PhotometricInterpretation": "MONOCHROME1", "PixelPaddingValue": 0}
    assert read_image(dicom_bytes(stored, **kind)).tolist() == [[0, 255, 0]]


def test_a_flat_picture_is_black() -> None:
    assert not read_image(dicom_bytes(np.full((3, 4), 700, dtype=np.uint16))).any()


def frames(count: int) -> list[np.ndarray]:
    return [np.full((4, 6), 10 * number, dtype=np.uint8) for number in range(1, count + 1)]


FLAT = {"VOILUTFunction": "LINEAR_EXACT", "WindowCenter": 127.5, "WindowWidth": 255}


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.JPEGLSLossless])
@pytest.mark.parametrize(("count", "middle"), [(1, 10), (4, 20), (5, 30)])
def test_the_middle_frame_is_read(syntax: uid.UID, count: int, middle: int) -> None:
    assert (read_image(dicom_bytes(frames(count), syntax, **FLAT)) == middle).all()


def test_the_representative_frame_is_read() -> None:
    data = dicom_bytes(frames(5), RepresentativeFrameNumber=5, **FLAT)
    assert (read_image(data) == 50).all()


def test_a_frame_can_be_named() -> None:
    data = dicom_bytes(frames(5), RepresentativeFrameNumber=5, **FLAT)
    assert (read_image(data, frame=2) == 20).all()


@pytest.mark.parametrize("frame", [0, 6])
def test_a_frame_that_is_not_there_is_refused(frame: int) -> None:
    with pytest.raises(UnreadableImage, match=f"no frame {frame}; the image has 5"):
        read_image(dicom_bytes(frames(5)), frame=frame)


def group(**elements: object) -> Dataset:
    inner, outer = Dataset(), Dataset()
    for keyword, value in elements.items():
        setattr(inner, keyword, value)
    outer.FrameVOILUTSequence = [inner]
    return outer


def test_a_frame_has_its_own_window_or_the_shared_one() -> None:
    own: Sequence[Dataset] = [group(**FLAT), Dataset()]
    shared = [group(VOILUTFunction="LINEAR_EXACT", WindowCenter=20, WindowWidth=2)]
    data = dicom_bytes(
        frames(2), PerFrameFunctionalGroupsSequence=own, SharedFunctionalGroupsSequence=shared
    )
    assert [int(read_image(data, frame=frame)[0, 0]) for frame in (1, 2)] == [10, 128]


def test_a_file_is_read_with_letters_or_with_file_meta_alone() -> None:
    data = dicom_bytes(WIDE, BitsStored=12, **WINDOW)
    assert is_dicom(data)
    assert is_dicom(data[132:])
    assert apart(data[132:]) == 0


def test_a_png_that_carries_the_letters_stays_a_png() -> None:
    assert not is_dicom(b"\x89PNG\r\n\x1a\n" + bytes(120) + b"DICM")


def test_a_frame_over_the_limit_is_refused() -> None:
    with pytest.raises(ImageTooLarge, match="2,080 pixels; at most 2,079"):
        read_image(dicom_bytes(WIDE), max_pixels=WIDE.size - 1)


@pytest.mark.parametrize(
    "elements",
    [
        {"BitsAllocated": 32},
        {"BitsStored": 17},
        {"Rows": 0},
        {"PhotometricInterpretation": "YBR_PARTIAL_420"},
        {"SamplesPerPixel": 2},
        {"NumberOfFrames": 2**31 - 1},
        {"Rows": 41},
    ],
)
def test_a_header_that_does_not_fit_its_pixels_is_refused(elements: dict[str, object]) -> None:
    with pytest.raises(UnreadableImage):
        read_image(dicom_bytes(WIDE, **elements))


def test_a_video_is_refused_as_such() -> None:
    with pytest.raises(UnreadableImage, match="video"):
        read_image(dicom_bytes(WIDE, uid.MPEG2MPML, parts=[b"film"]))
