"""The platform's 20 compute regions (vercel.com/docs/regions), and which of them is nearest.

The coordinates are those of the cities the regions are named after, not the platform's own.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass

from vercel_emu.errors import EmuError

LOCAL_REGION = "dev1"  # what `vercel dev` calls the user's own machine


@dataclass(frozen=True, slots=True)
class Region:
    code: str
    aws: str
    city: str
    latitude: float
    longitude: float


REGIONS: dict[str, Region] = {
    region.code: region
    for region in (
        Region("arn1", "eu-north-1", "Stockholm", 59.33, 18.07),
        Region("bom1", "ap-south-1", "Mumbai", 19.08, 72.88),
        Region("cdg1", "eu-west-3", "Paris", 48.86, 2.35),
        Region("cle1", "us-east-2", "Cleveland", 41.50, -81.69),
        Region("cpt1", "af-south-1", "Cape Town", -33.92, 18.42),
        Region("dub1", "eu-west-1", "Dublin", 53.35, -6.26),
        Region("dxb1", "me-central-1", "Dubai", 25.20, 55.27),
        Region("fra1", "eu-central-1", "Frankfurt", 50.11, 8.68),
        Region("gru1", "sa-east-1", "São Paulo", -23.55, -46.63),
        Region("hkg1", "ap-east-1", "Hong Kong", 22.32, 114.17),
        Region("hnd1", "ap-northeast-1", "Tokyo", 35.68, 139.69),
        Region("iad1", "us-east-1", "Washington, D.C.", 38.95, -77.45),
        Region("icn1", "ap-northeast-2", "Seoul", 37.57, 126.98),
        Region("kix1", "ap-northeast-3", "Osaka", 34.69, 135.50),
        Region("lhr1", "eu-west-2", "London", 51.51, -0.13),
        Region("pdx1", "us-west-2", "Portland", 45.52, -122.68),
        Region("sfo1", "us-west-1", "San Francisco", 37.77, -122.42),
        Region("sin1", "ap-southeast-1", "Singapore", 1.35, 103.82),
        Region("syd1", "ap-southeast-2", "Sydney", -33.87, 151.21),
        Region("yul1", "ca-central-1", "Montréal", 45.50, -73.57),
    )
}


def nearest_region(latitude: float, longitude: float) -> str:
    """Code of the region closest to a place, as the crow flies."""
    return min(
        REGIONS.values(),
        key=lambda r: closeness(latitude, longitude, r.latitude, r.longitude),
    ).code


def closeness(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Grows with the distance between two places on the globe: 0 here, 1 at the antipode."""
    a, b = math.radians(lat1), math.radians(lat2)
    north, east = math.sin((a - b) / 2), math.sin(math.radians(lon1 - lon2) / 2)
    return north * north + math.cos(a) * math.cos(b) * east * east


def check_region(code: str) -> str:
    """The region code in lower case; an `EmuError` with suggestions where there is no such one."""
    region = code.strip().lower()
    if region in REGIONS or region == LOCAL_REGION:
        return region
    close = _suggestions(region)
    hint = f"Did you mean {', '.join(close)}? " if close else ""
    raise EmuError(
        "UNKNOWN_REGION",
        f'There is no region "{code}".',
        f"{hint}The regions are {', '.join(REGIONS)} (and {LOCAL_REGION}).",
    )


def _suggestions(text: str) -> list[str]:
    by_word = {r.aws: r.code for r in REGIONS.values()}
    by_word |= {r.city.lower(): r.code for r in REGIONS.values()} | {code: code for code in REGIONS}
    found = difflib.get_close_matches(text, by_word, n=3, cutoff=0.6)
    return list(dict.fromkeys(f"{by_word[word]} ({REGIONS[by_word[word]].city})" for word in found))
