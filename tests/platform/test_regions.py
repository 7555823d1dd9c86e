"""The platform's regions."""

from __future__ import annotations

import pytest

from vercel_emu.errors import EmuError
from vercel_emu.platform.regions import (
    REGIONS,
    check_region,
    nearest_region,
)


def test_there_are_twenty() -> None:
    assert len(REGIONS) == len({region.aws for region in REGIONS.values()}) == 20


@pytest.mark.parametrize(
    ("latitude", "longitude", "code"),
    [
        (40.7128, -74.0060, "iad1"),
        (52.52, 13.405, "fra1"),
        (-36.85, 174.76, "syd1"),
        (21.3, -157.86, "sfo1"),
        (52.0, -179.9, "hnd1"),  # over the date line
        (-90.0, 0.0, "cpt1"),
    ],
)
def test_the_nearest_as_the_crow_flies(latitude: float, longitude: float, code: str) -> None:
    assert nearest_region(latitude, longitude) == code


def test_every_region_is_nearest_to_itself() -> None:
    assert all(nearest_region(r.latitude, r.longitude) == code for code, r in REGIONS.items())


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("idad1", "iad1"), ("us-east-1", "iad1"), ("tokyo", "hnd1"), ("fra", "fra1")],
)
def test_a_wrong_code_suggests_one(wrong: str, meant: str) -> None:
    with pytest.raises(EmuError) as caught:
        check_region(wrong)
    assert f"Did you mean {meant}" in (caught.value.hint or "")
    assert "dev1" in (caught.value.hint or "")
