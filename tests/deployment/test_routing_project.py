"""cleanUrls, trailingSlash, legacy routes, `api/` functions, conditions: the rest of the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deployment.routing_support import Group, answer, cases

SITE = ["index.html", "about.html", "d/index.html", "d/page.html", "img/a.b.png", "404.html"]

SLASHES = [
    Group(
        "neither cleanUrls nor trailingSlash",
        "docs",
        {},
        {
            "GET /": "file index.html",
            "GET /index.html": "file index.html",
            "GET /about.html": "file about.html",
            "GET /about": "404 404.html",
            "GET /d": "file d/index.html",
            "GET /d/": "file d/index.html",
            "GET /d/index.html": "file d/index.html",
            "GET /d/page": "404 404.html",
            "GET /img/": "404 404.html",
            "GET /nope?x=1": "404 404.html",
            "GET /api/nope": "404",
            "GET //about.html?x=1": "301 /about.html?x=1",
            "GET /d//page.html": "301 /d/page.html",
            "HEAD /d//page.html": "file d/page.html",
        },
        files=SITE,
        functions=[],
    ),
    Group(
        "cleanUrls",
        "compiler",
        {"cleanUrls": True},
        {
            "GET /about.html": "308 /about",
            "GET /about.html?x=1": "308 /about?x=1",
            "GET /about": "file about.html",
            "GET /about/": "file about.html",
            "GET /index.html": "308 /",
            "GET /index": "308 /",
            "GET /d/index.html": "308 /d",
            "GET /d/index": "308 /d",
            "GET /d/index/": "308 /d",
            "GET /d": "file d/index.html",
            "GET /d/page.html/": "308 /d/page",
            "GET /d/page": "file d/page.html",
            "GET /nope": "404 404.html",
            "GET /img/a.b.png": "file img/a.b.png",
        },
        files=SITE,
        functions=[],
    ),
    Group(
        "trailingSlash false",
        "compiler",
        {"trailingSlash": False},
        {
            "GET /d/": "308 /d",
            "GET /d/?a=b": "308 /d?a=b",
            "GET /d": "file d/index.html",
            "GET /": "file index.html",
            "GET /a/b/": "308 /a/b",
            "POST /a/": "308 /a",
        },
        files=SITE,
        functions=[],
    ),
    Group(
        "trailingSlash true",
        "compiler",
        {"trailingSlash": True},
        {
            "GET /d": "308 /d/",
            "GET /d?a=b": "308 /d/?a=b",
            "GET /d/": "file d/index.html",
            "GET /about.html/": "308 /about.html",
            "GET /about.html": "file about.html",
            "GET /a.b/c": "308 /a.b/c/",
            "GET /.well-known/x": "404 404.html",
            "GET /": "file index.html",
        },
        files=SITE,
        functions=[],
    ),
    Group(
        "cleanUrls and trailingSlash",
        "compiler",
        {"cleanUrls": True, "trailingSlash": True},
        {
            "GET /about.html": "308 /about/",
            "GET /about": "308 /about/",
            "GET /about/": "file about.html",
            "GET /d/index.html": "308 /d/",
            "GET /d/page/": "file d/page.html",
        },
        files=SITE,
        functions=[],
    ),
    Group(
        "an app behind files",
        "builder",
        {"cleanUrls": True},
        {
            "GET /": "file index.html",
            "GET /about": "file about.html",
            "GET /nope": "app /nope",
            "GET /d": "app /d",
            "GET /api/x": "app /api/x",
            "GET //x": "301 /x",
            "POST //x": "app /x",
            "GET /%2e%2e/secret": "app /%2e%2e/secret",
            "GET /a%00b": "app /a%00b",
        },
        files=["index.html", "about.html"],
    ),
]

LEGACY = [
    Group(
        "legacy routes",
        "dev",
        {
            "routes": [
                {"src": "/old", "status": 301, "headers": {"Location": "/new"}},
                {"src": "/short", "status": 302, "dest": "/long"},
                {"src": "/u/(?<id>\\d+)", "dest": "/user?id=$id"},
                {"src": "/n/([^/]+)/(.*)", "dest": "/$2/$1"},
                {"src": "/only", "methods": ["POST"], "dest": "/posted"},
                {"src": "/secret.*", "status": 403},
                {"src": "/nothing", "status": 404},
                {"src": "/ok", "status": 204},
                {"src": "/h/(.*)", "headers": {"X-Part": "$1"}, "continue": True},
                {"src": "/h/stop", "dest": "/stopped"},
                {"src": "/h/(.*)", "headers": {"x-more": "yes"}, "continue": True},
                {"src": "bare", "dest": "/page.html"},
                {"src": "/ext/(.*)", "dest": "https://example.org/$1"},
                {"src": "/num/(.*)", "dest": "/$10"},
                {"src": "/none/(.*)", "dest": "/x$2y"},
            ]
        },
        {
            "GET /old": "301 /new",
            "GET /OLD": "301 /new",
            "GET /short": "302 /long",
            "GET /u/12": "app /user?id=12",
            "GET /u/12?q=1": "app /user?id=12&q=1",
            "GET /u/x": "app /u/x",
            "GET /n/a/b/c": "app /b/c/a",
            "POST /only": "app /posted",
            "GET /only": "app /only",
            "GET /secret/x": "403 FORBIDDEN",
            "GET /nothing": "404",
            "GET /ok": "204",
            "GET /h/stop": "app /stopped | x-part: stop",
            "GET /h/go": "app /h/go | x-part: go, x-more: yes",
            "GET /bare": "file page.html",
            "GET /ext/a/b": "proxy https://example.org/a/b",
            "GET /num/a": "app /a0",
            "GET /none/a": "app /xy",
            "GET /page.html": "file page.html",
        },
        files=["page.html"],
    ),
    Group(
        "legacy phases",
        "dev",
        {
            "routes": [
                {"src": "/page.html", "headers": {"x-main": "1"}, "continue": True},
                {"handle": "filesystem"},
                {"src": "/page.html", "dest": "/never"},
                {"src": "/late", "dest": "/page.html", "check": True},
                {"src": "/chain", "dest": "/late", "check": True},
                {"handle": "miss"},
                {"src": "/m/(.*)", "dest": "/$1", "check": True},
                {"handle": "hit"},
                {"src": "/(.*)", "headers": {"x-hit": "$1", "x-main": "2"}, "continue": True},
                {"handle": "error"},
                {"src": "/(.*)", "status": 404, "dest": "/error.html"},
            ]
        },
        {
            "GET /page.html": "file page.html | x-main: 1, x-hit: page.html",
            "GET /late": "file page.html | x-hit: page.html, x-main: 2",
            "GET /m/page.html": "file page.html | x-hit: page.html, x-main: 2",
            "GET /nope": "404 error.html | x-hit: error.html, x-main: 2",
        },
        files=["page.html", "error.html"],
        functions=[],
    ),
    Group(
        "miss and hit after rewrites",
        "dev",
        {
            "rewrites": [
                {"source": "/old/:x", "destination": "/docs/:x"},
                {"source": "/home", "destination": "/page"},
                {"source": "/nothing", "destination": "/void"},
            ],
            "routes": [
                {"src": "/keep", "headers": {"x-main": "1"}, "continue": True},
                {"handle": "miss"},
                {"src": "/(.*)", "dest": "/$1.html", "check": True},
                {"src": "/(.*)", "headers": {"x-miss": "$1"}, "continue": True},
                {"handle": "hit"},
                {"src": "/(.*)", "headers": {"x-hit": "$1"}, "continue": True},
            ],
        },
        {
            "GET /page": "file page.html | x-hit: page.html",
            "GET /page.html": "file page.html | x-hit: page.html",
            "GET /docs/a": "file docs/a.html | x-hit: docs/a.html",
            "GET /old/a": "file docs/a.html | x-hit: docs/a.html",
            "GET /home": "file page.html | x-hit: page.html",
            "GET /nothing": "404 | x-miss: void",
            "GET /keep": "404 | x-main: 1, x-miss: keep",
        },
        files=["page.html", "docs/a.html"],
        functions=[],
    ),
    Group(
        "miss after rewrites in front of an app",
        "builder",
        {
            "rewrites": [{"source": "/old/:x", "destination": "/docs/:x"}],
            "routes": [
                {"src": "/legacy/(.*)", "dest": "/docs/$1"},
                {"src": "/checked/(.*)", "dest": "/docs/$1", "check": True},
                {"handle": "miss"},
                {"src": "/docs/(.*)", "dest": "/docs/$1.html", "check": True},
            ],
        },
        {
            "GET /docs/a": "file docs/a.html",
            "GET /old/a": "file docs/a.html",
            "GET /legacy/a?q=1": "file docs/a.html",
            "GET /checked/a": "file docs/a.html",
            "GET /old/b": "app /docs/b",
            "GET /legacy/b": "app /docs/b",
            "GET /other": "app /other",
        },
        files=["docs/a.html"],
    ),
    Group(
        "every handle",
        "dev",
        {
            "routes": [
                {"src": "/m/(.*)", "dest": "/$1", "continue": True},
                {"src": "/status", "dest": "/a.html", "status": 201},
                {"handle": "filesystem"},
                {"src": "/f1", "dest": "/a.html"},
                {"src": "/f2", "dest": "/d/x"},
                {"src": "/f3", "dest": "/f1", "check": True},
                {"src": "/f4", "dest": "/d/x", "check": True},
                {"src": "/f5", "dest": "/zip", "check": True},
                {"handle": "resource"},
                {"src": "/res", "dest": "/b.html", "check": True},
                {"src": "/res2", "dest": "/d/x"},
                {"handle": "miss"},
                {"src": "/d/(.*)", "dest": "/d/$1.html", "check": True},
                {"src": "/zip", "dest": "/b.html", "check": True, "status": 202},
                {"handle": "rewrite"},
                {"src": "/rw", "dest": "/a.html", "check": True},
                {"src": "/rw2", "dest": "/d/x", "check": True},
                {"src": "/rw3", "dest": "/d/x"},
                {"handle": "error"},
                {"src": "/err.*", "status": 404, "dest": "/a.html"},
            ]
        },
        {
            "GET /m/a.html": "file a.html",
            "GET /m/d/x": "file d/x.html",
            "GET /status": "201 file a.html",
            "GET /f1": "file a.html",
            "GET /f2": "file d/x.html",
            "GET /f3": "404",
            "GET /f4": "file d/x.html",
            "GET /f5": "202 file b.html",
            "GET /res": "file b.html",
            "GET /res2": "file d/x.html",
            "GET /d/x": "file d/x.html",
            "GET /d/none": "404",
            "GET /zip": "202 file b.html",
            "GET /rw": "file a.html",
            "GET /rw2": "file d/x.html",
            "GET /rw3": "file d/x.html",
            "GET /errors": "404 a.html",
            "GET /nope": "404",
            "HEAD /d/x": "file d/x.html",
        },
        files=["a.html", "b.html", "d/x.html"],
        functions=[],
    ),
    Group(
        "miss leads to a function",
        "dev",
        {
            "routes": [
                {"handle": "miss"},
                {"src": "/fn/(.*)", "dest": "/api/$1", "check": True},
            ],
            "rewrites": [{"source": "/call/:x", "destination": "/fn/:x"}],
        },
        {
            "GET /fn/hello?a=1": "fn api/hello /fn/hello?a=1",
            "GET /call/hello": "fn api/hello /call/hello",
            "GET /fn/none": "404",
        },
        functions=["api/hello.py"],
    ),
    Group(
        "builds and routes",
        "dev",
        {
            "builds": [
                {"src": "main.py", "use": "@vercel/python"},
                {"src": "*.css", "use": "@vercel/static"},
            ],
            "routes": [{"src": "/static/(.*)", "dest": "/$1"}, {"src": "/(.*)", "dest": "main.py"}],
        },
        {
            "GET /": "app /",
            "GET /a/b?c=d": "app /a/b?c=d",
            "GET /static/x.css": "file x.css",
            "GET /static/y.css": "404",
        },
        files=["x.css"],
        functions=["main.py"],
    ),
    Group(
        "case matters once a newer property is used",
        "dev",
        {"cleanUrls": False, "routes": [{"src": "/Old", "dest": "/new"}]},
        {"GET /Old": "app /new", "GET /old": "app /old"},
    ),
]

API = ["api/index.py", "api/users/[id].py", "api/users/me.py", "api/[team]/items/[item].py"]
API += ["api/deep/index.py", "api/[team]/index.py", "api/hello.py"]

FUNCTIONS = [
    Group(
        "functions in api/",
        "docs",
        {},
        {
            "GET /api": "fn api/index /api",
            "GET /api/": "fn api/index /api/",
            "GET /api/index": "fn api/index /api/index",
            "GET /api/index.py": "fn api/index /api/index.py",
            "GET /api/hello": "fn api/hello /api/hello",
            "POST /api/hello?a=1": "fn api/hello /api/hello?a=1",
            "GET /api/hello/": "fn api/hello /api/hello/",
            "GET /api/hello.py": "fn api/hello /api/hello.py",
            "GET /api/users/me": "fn api/users/me /api/users/me",
            "GET /api/users/42": "fn api/users/[id] /api/users/42?id=42",
            "GET /api/users/42?x=1": "fn api/users/[id] /api/users/42?id=42&x=1",
            "GET /api/users/42?id=7": "fn api/users/[id] /api/users/42?id=7",
            "GET /api/users/a%20b": "fn api/users/[id] /api/users/a%20b?id=a%20b",
            "GET /api/red/items/5": "fn api/[team]/items/[item] /api/red/items/5?team=red&item=5",
            "GET /api/deep": "fn api/deep/index /api/deep",
            "GET /api/deep/": "fn api/deep/index /api/deep/",
            "GET /api/deep/index": "fn api/deep/index /api/deep/index",
            "GET /api/blue": "fn api/[team]/index /api/blue?team=blue",
            "GET /api/blue/": "fn api/[team]/index /api/blue/?team=blue",
            "GET /api/users/1/2": "404",
            "GET /api/HELLO": "fn api/[team]/index /api/HELLO?team=HELLO",
            "GET /api/nope.py": "fn api/[team]/index /api/nope.py?team=nope.py",
            "GET /": "404",
            "GET /apix": "404",
        },
        functions=API,
    ),
    Group(
        "functions with cleanUrls",
        "compiler",
        {"cleanUrls": True},
        {
            "GET /api/hello.py": "308 /api/hello",
            "GET /api/hello": "fn api/hello /api/hello",
            "GET /api/index.py": "308 /api",
            "GET /api/deep/index": "308 /api/deep",
            "GET /api/users/42": "fn api/users/[id] /api/users/42?id=42",
        },
        functions=API,
    ),
    Group(
        "an SPA rewrite swallows dynamic and unknown api paths",
        "compiler",
        {"rewrites": [{"source": "/(.*)", "destination": "/index.html"}]},
        {
            "GET /api/hello": "fn api/hello /api/hello",
            "GET /api/users/42": "file index.html",
            "GET /api/none": "file index.html",
            "GET /page": "file index.html",
        },
        files=["index.html"],
        functions=["api/hello.py", "api/users/[id].py"],
    ),
    Group(
        "rewrites to functions",
        "docs",
        {
            "rewrites": [
                {"source": "/hello/:name", "destination": "/api/hello"},
                {"source": "/u/:id", "destination": "/api/users/:id"},
                {"source": "/py", "destination": "/api/hello.py"},
                {"source": "/v2/:p*", "destination": "/api/:p*"},
                {"source": "/((?!api/).*)", "destination": "/api/index"},
            ]
        },
        {
            "GET /hello/ann": "fn api/hello /hello/ann?name=ann",
            "GET /u/42": "fn api/users/[id] /u/42?id=42",
            "GET /py": "fn api/hello /py",
            "GET /v2/hello": "fn api/hello /v2/hello",
            "GET /any/thing": "fn api/index /any/thing",
            "GET /": "fn api/index /",
            "GET /api/none": "404",
        },
        functions=["api/index.py", "api/hello.py", "api/users/[id].py"],
    ),
    Group(
        "404.html and functions",
        "compiler",
        {},
        {
            "GET /nope": "404 404.html",
            "GET /api/nope": "404",
            "GET /apis": "404",
            "GET /404.html": "file 404.html",
        },
        files=["404.html"],
        functions=["api/hello.py"],
    ),
    Group(
        "an app keeps /api for itself",
        "builder",
        {},
        {"GET /api/hello": "app /api/hello", "GET /api": "app /api"},
        functions=["app.py"],
    ),
]


def _has(condition: dict[str, object], key: str = "has") -> dict[str, object]:
    rule = {"source": "/", "destination": "/yes", "permanent": False, key: [condition]}
    return {"redirects": [rule]}


YES, NO = "307 /yes", "app /"

CONDITIONS = [
    Group(
        "has header",
        "resolver",
        _has({"type": "header", "key": "X-Test"}),
        {"GET /": NO, "GET /\nx-test: 1": YES, "GET /\nX-TEST: a": YES, "GET /\nx-tes: 1": NO},
    ),
    Group(
        "has header value",
        "resolver",
        _has({"type": "header", "key": "x-vercel-ip-country", "value": "GB|IE"}),
        {
            "GET /\nx-vercel-ip-country: GB": YES,
            "GET /\nx-vercel-ip-country: IE": YES,
            "GET /\nx-vercel-ip-country: GBR": NO,
            "GET /\nx-vercel-ip-country: gb": NO,
            "GET /": NO,
        },
    ),
    Group(
        "has cookie",
        "resolver",
        _has({"type": "cookie", "key": "auth", "value": "(?<who>[a-z]+)"}),
        {
            "GET /\ncookie: auth=ann": YES,
            "GET /\ncookie: a=1; auth=bob; b=2": YES,
            "GET /\ncookie: auth=42": NO,
            "GET /\ncookie: xauth=ann": NO,
            "GET /": NO,
        },
    ),
    Group(
        "has query, which passes on",
        "resolver",
        _has({"type": "query", "key": "page", "value": "home"}),
        {
            "GET /?page=home": "307 /yes?page=home",
            "GET /?page=x&page=home": "307 /yes?page=x&page=home",
            "GET /?page=home&page=x": "app /?page=home&page=x",
            "GET /?page=homes": "app /?page=homes",
            "GET /?p%61ge=hom%65": "307 /yes?p%61ge=hom%65",
        },
    ),
    Group(
        "has host",
        "resolver",
        _has({"type": "host", "value": "(?:www\\.)?example\\.org"}),
        {
            "GET /\nhost: example.org": YES,
            "GET /\nhost: www.example.org:3000": YES,
            "GET /\nhost: WWW.EXAMPLE.ORG": YES,
            "GET /\nhost: example.org.evil.com": NO,
            "GET /": NO,
        },
    ),
    Group(
        "missing",
        "resolver",
        _has({"type": "cookie", "key": "session"}, "missing"),
        {"GET /": YES, "GET /\ncookie: session=1": NO, "GET /\ncookie: sess=1": YES},
    ),
    Group(
        "missing value",
        "resolver",
        _has({"type": "header", "key": "accept", "value": ".*json.*"}, "missing"),
        {
            "GET /\naccept: text/html": YES,
            "GET /\naccept: application/json": NO,
            "GET /": YES,
        },
    ),
    Group(
        "all of has and none of missing",
        "docs",
        {
            "redirects": [
                {
                    "source": "/",
                    "destination": "/yes",
                    "permanent": False,
                    "has": [{"type": "header", "key": "a"}, {"type": "header", "key": "b"}],
                    "missing": [{"type": "header", "key": "c"}, {"type": "query", "key": "d"}],
                }
            ]
        },
        {
            "GET /\na: 1\nb: 1": YES,
            "GET /\na: 1": NO,
            "GET /\na: 1\nb: 1\nc: 1": NO,
            "GET /?d=1\na: 1\nb: 1": "app /?d=1",
        },
    ),
    *(
        Group(
            f"condition {condition}",
            "docs",
            _has({"type": "header", "key": "v", "value": condition}),
            {f"GET /\nv: {value}": YES if holds else NO for value, holds in values.items()},
        )
        for condition, values in (
            ({"eq": "a"}, {"a": True, "b": False}),
            ({"eq": 5}, {"5": True, "5.0": True, "6": False}),
            ({"neq": "a"}, {"a": False, "b": True}),
            ({"inc": ["a", "b"]}, {"a": True, "c": False}),
            ({"ninc": ["a", "b"]}, {"a": False, "c": True}),
            ({"pre": "ab"}, {"abc": True, "cab": False}),
            ({"suf": "bc"}, {"abc": True, "bcd": False}),
            ({"re": "a+"}, {"aa": True, "ab": False}),
            ({"gt": 3}, {"4": True, "3": False, "x": False}),
            ({"gte": 3, "lte": 5}, {"3": True, "5": True, "6": False, "2.9": False}),
            ({"lt": 0}, {"-1": True, "0": False}),
        )
    ),
    Group(
        "captures of has",
        "docs",
        {
            "redirects": [
                {
                    "source": "/login",
                    "has": [{"type": "header", "key": "x-auth", "value": "(?<user>\\w+):(?<t>.*)"}],
                    "destination": "/home/:user",
                },
                {
                    "source": "/q",
                    "has": [{"type": "query", "key": "to"}],
                    "destination": "/go/:to",
                },
                {
                    "source": "/tenant",
                    "has": [{"type": "host", "value": "(?<name>.*)\\.app\\.test"}],
                    "destination": "https://main.test/:name?h=:host",
                },
                {
                    "source": "/c",
                    "has": [{"type": "cookie", "key": "lang", "value": "(?<lang>..)"}],
                    "destination": "/:lang/c",
                },
            ]
        },
        {
            "GET /login\nx-auth: ann:secret": "308 /home/ann",
            "GET /q?to=a%20b": "308 /go/a%20b?to=a%20b",
            "GET /q?to=a%3Fx%3D1": "308 /go/a%3Fx=1?to=a%3Fx%3D1",
            "GET /q?to=%0d%0aset-cookie:x": "308 /go/%0D%0Aset-cookie:x?to=%0d%0aset-cookie:x",
            "GET /tenant\nhost: acme.app.test:80": "308 https://main.test/acme?h=acme.app.test",
            "GET /c\ncookie: lang=de": "308 /de/c",
            "GET /c\ncookie: lang=deu": "app /c",
        },
    ),
    Group(
        "conditions on rewrites and headers",
        "docs",
        {
            "rewrites": [
                {
                    "source": "/x/:p",
                    "has": [{"type": "host", "value": "api\\.test"}],
                    "destination": "/api-host/:p",
                },
                {"source": "/x/:p", "has": [{"type": "query", "key": "v"}], "destination": "/v"},
            ],
            "headers": [
                {
                    "source": "/(.*)",
                    "has": [{"type": "cookie", "key": "who", "value": "(?<who>[^!]*)"}],
                    "headers": [{"key": "x-who", "value": "it is :who"}],
                }
            ],
        },
        {
            "GET /x/1\nhost: api.test": "app /api-host/1",
            "GET /x/1": "app /x/1",
            "GET /x/1?v=2": "app /v?p=1&v=2",
            "GET /\ncookie: who=ann": "app / | x-who: it is ann",
            "GET /\ncookie: who=a%0d%0ab": "app / | x-who: it is ab",
        },
    ),
]

HOSTILE = [
    Group(
        "expressions that backtrack for ever",
        "resolver",
        {
            "redirects": [
                {"source": "/a/:x((?:a+)+)", "destination": "/1"},
                {"source": "/b/:x((?:a|a)*)/c", "destination": "/2"},
                {"source": "/c/:x(.*.*.*.*)z", "destination": "/3"},
            ]
        },
        {
            "GET /a/aaaa": "308 /1",
            f"GET /a/{'a' * 60}!": f"app /a/{'a' * 60}!",
            f"GET /b/{'a' * 60}/c": "308 /2",
            f"GET /b/{'a' * 60}/d": f"app /b/{'a' * 60}/d",
            f"GET /c/{'z' * 300}": "308 /3",
            f"GET /c/{'z' * 300}!": f"app /c/{'z' * 300}!",
        },
    ),
]

ALL = [*SLASHES, *LEGACY, *FUNCTIONS, *CONDITIONS, *HOSTILE]
TABLE = cases(ALL)


@pytest.mark.parametrize(
    ("group", "request_line", "expected"), [c[1:] for c in TABLE], ids=[c[0] for c in TABLE]
)
def test_where_it_ends(group: Group, request_line: str, expected: str, tmp_path: Path) -> None:
    assert answer(group, request_line, tmp_path) == expected
