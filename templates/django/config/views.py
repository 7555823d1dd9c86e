"""The routes: who is asking, where this runs, and a counter in the runtime cache."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe
from vercel.functions import RuntimeCache, geolocation, get_env, ip_address

HOUR = 3600


def as_json(value: Any) -> JsonResponse:
    return JsonResponse(value, json_dumps_params={"ensure_ascii": False})


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "index.html", {"city": geolocation(request)["city"]})


@require_safe
def geo(request: HttpRequest) -> JsonResponse:
    return as_json(geolocation(request))


@require_safe
def ip(request: HttpRequest) -> JsonResponse:
    return as_json({"ip": ip_address(request)})


@require_safe
def env(request: HttpRequest) -> JsonResponse:
    return as_json(get_env().to_dict())


@require_safe
def cache(request: HttpRequest) -> JsonResponse:
    """Counts visits until the tag expires, or for an hour after the last one."""
    stored = RuntimeCache()
    visits = (stored.get("visits") or 0) + 1
    stored.set("visits", visits, {"ttl": HOUR, "tags": ["visits"]})
    return as_json({"visits": visits})


@require_POST
def cache_expire(request: HttpRequest) -> JsonResponse:
    RuntimeCache().expire_tag("visits")
    return as_json({"expired": "visits"})
