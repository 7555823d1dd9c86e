"""`vercel-emu places tokyo`: search the places a visitor can come from."""

from __future__ import annotations

import click

from vercel_emu.cli.printing import echo_json
from vercel_emu.errors import EmuError
from vercel_emu.platform.regions import nearest_region
from vercel_emu.visitors.find import search_places, suggestions
from vercel_emu.visitors.places import Place, gazetteer


@click.command()
@click.argument("query", nargs=-1)
@click.option("--country", metavar="CC", help="Only in this country (ISO code or name).")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def places(query: tuple[str, ...], country: str | None, limit: int, as_json: bool) -> None:
    """Search the places a visitor can come from.

    QUERY is (part of) a city's name in any language, and optionally where it is: "springfield, us".
    Without it, the largest cities are listed.

    JSON: [{"write", "city", "country", "country_region", "continent", "latitude", "longitude",
    "timezone", "postal_code", "population", "edge_region"}]; `write` is what --visitor and --as
    understand.
    """
    text = " ".join(query)
    found = _search(text, _country_code(country), limit)
    if as_json:
        echo_json([_as_json(place) for place in found])
        click.get_current_context().exit(0 if found else 1)
    if not found:
        close = "; ".join(suggestions(text))
        raise EmuError(
            "UNKNOWN_PLACE",
            f'There is no place with "{text}" in its name{f" in {country}" if country else ""}.',
            f"The nearest are {close}."
            if close
            else "Write a city as it is known anywhere: Tokyo.",
        )
    _print_table(found)


def _search(text: str, country: str | None, limit: int) -> list[Place]:
    if text.strip():
        return search_places(text, country=country, limit=limit)
    largest = (p for p in gazetteer().cities() if country is None or p.country == country)
    return [place for place, _ in zip(largest, range(limit), strict=False)]


def _country_code(text: str | None) -> str | None:
    if text is None:
        return None
    country = gazetteer().country(text)
    if country is None:
        raise EmuError(
            "UNKNOWN_COUNTRY",
            f'--country: there is no country "{text}".',
            "Write its ISO 3166-1 code (JP) or its name (Japan).",
        )
    return country.code


def _as_json(place: Place) -> dict[str, object]:
    return {
        "write": place.label,
        "city": place.name,
        "country": place.country,
        "country_region": place.region,
        "continent": place.continent,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "timezone": place.timezone,
        "postal_code": place.postal_code,
        "population": place.population,
        "edge_region": nearest_region(place.latitude, place.longitude),
    }


def _print_table(found: list[Place]) -> None:
    from vercel_emu.cli.terminal.tables import Column, print_table

    columns = [
        Column("write"),
        Column("time zone", spare=2),
        Column("coordinates", right=True, whole=True, spare=1),
        Column("population", right=True, whole=True),
        Column("edge", whole=True),
    ]
    rows = [
        (
            place.label if place.name else place.country_name,
            place.timezone or "",
            f"{place.latitude:.4f},{place.longitude:.4f}",
            f"{place.population:,}",
            nearest_region(place.latitude, place.longitude),
        )
        for place in found
    ]
    print_table(columns, rows)
