"""A visitor made by hand: what is not given."""

from __future__ import annotations

from vercel_emu import Visitor
from vercel_emu.visitors.addresses import documentation_ip


def test_only_a_city() -> None:
    visitor = Visitor(city="Entenhausen")
    assert (visitor.label, visitor.edge_region) == ("Entenhausen", "iad1")
    assert visitor.ip == documentation_ip("Entenhausen")


def test_the_nearest_region_unless_one_is_given() -> None:
    assert Visitor(latitude=35.7, longitude=139.7).edge_region == "hnd1"
    assert Visitor(latitude=35.7, longitude=139.7, edge_region="fra1").edge_region == "fra1"


def test_nothing_at_all() -> None:
    assert Visitor().label == "visitor"
    assert Visitor(ip="2001:db8::7").label == "2001:db8::7"
