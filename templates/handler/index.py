"""A `BaseHTTPRequestHandler` that routes by path and uses `vercel.functions`."""

import json
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from page import render
from vercel.functions import RuntimeCache, geolocation, get_env, ip_address

HOUR = 3600


def geo(request):
    return geolocation(request)


def ip(request):
    return {"ip": ip_address(request)}


def env(request):
    return get_env().to_dict()


def cache(request):
    """Counts visits until the tag expires, or for an hour after the last one."""
    stored = RuntimeCache()
    visits = (stored.get("visits") or 0) + 1
    stored.set("visits", visits, {"ttl": HOUR, "tags": ["visits"]})
    return {"visits": visits}


def cache_expire(request):
    RuntimeCache().expire_tag("visits")
    return {"expired": "visits"}


ROUTES = {
    ("GET", "/api/geo"): geo,
    ("GET", "/api/ip"): ip,
    ("GET", "/api/env"): env,
    ("GET", "/api/cache"): cache,
    ("POST", "/api/cache/expire"): cache_expire,
}


class handler(BaseHTTPRequestHandler):  # noqa: N801 (the name that Vercel looks for)
    def do_GET(self):
        path = urlsplit(self.path).path
        if path == "/":
            page = render(city=geolocation(self)["city"])
            self.answer(200, page, "text/html; charset=utf-8")
        else:
            self.answer_json(path)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.answer_json(urlsplit(self.path).path)

    def answer_json(self, path):
        route = ROUTES.get((self.command, path))
        status = 200 if route else 404
        value = route(self) if route else {"error": f"there is no {self.command} {path}"}
        self.answer(status, json.dumps(value, ensure_ascii=False), "application/json")

    def answer(self, status, text, content_type):
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
