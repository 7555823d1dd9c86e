"""The shell's proxy is not asked for what runs on this machine."""

from __future__ import annotations

import pytest

from vercel_emu.project.variables.proxies import exceptions_from_proxies

PROXY = {"HTTP_PROXY": "http://proxy:3128"}
OWN = "localhost,127.0.0.1,::1"


@pytest.mark.parametrize(
    "variables", [{}, {"NO_PROXY": "a"}, {"HTTP_PROXY": ""}, {"PROXY": "http://proxy"}]
)
def test_without_a_proxy_nothing_is_set(variables: dict[str, str]) -> None:
    assert exceptions_from_proxies(variables) == {}


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_with_one_both_spellings_are_set(name: str) -> None:
    assert exceptions_from_proxies({name: "http://proxy"}) == {"NO_PROXY": OWN, "no_proxy": OWN}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"NO_PROXY": "corp"}, {"NO_PROXY": f"corp,{OWN}", "no_proxy": f"corp,{OWN}"}),
        ({"no_proxy": "corp"}, {"NO_PROXY": f"corp,{OWN}", "no_proxy": f"corp,{OWN}"}),
        (
            {"NO_PROXY": "a", "no_proxy": "b, localhost"},
            {"NO_PROXY": f"a,{OWN}", "no_proxy": "b,localhost,127.0.0.1,::1"},
        ),
        ({"NO_PROXY": OWN, "no_proxy": OWN}, {}),
        ({"NO_PROXY": OWN}, {"no_proxy": OWN}),
        ({"NO_PROXY": "*"}, {}),
        ({"no_proxy": "*", "NO_PROXY": "a"}, {"NO_PROXY": f"a,{OWN}"}),
    ],
)
def test_what_is_there_stays(given: dict[str, str], expected: dict[str, str]) -> None:
    assert exceptions_from_proxies({**PROXY, **given}) == expected


def test_the_host_that_is_listened_on_is_covered_too() -> None:
    found = exceptions_from_proxies(PROXY, ["192.168.1.7", "localhost"])
    assert found["NO_PROXY"] == f"{OWN},192.168.1.7"
