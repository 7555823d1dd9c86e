"""Redirects, rewrites and headers: the table, and what the platform says each row should be.

`ROUTING_DIFFERENCES.md` lists where `vercel dev` answers otherwise, and why.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deployment.routing_support import Group, answer, cases

REDIRECTS = [
    Group(
        "documented redirects",
        "docs",
        {
            "redirects": [
                {"source": "/me", "destination": "/profile.html"},
                {"source": "/me2", "destination": "/profile.html", "permanent": False},
                {"source": "/me3", "destination": "/profile.html", "permanent": True},
                {"source": "/me4", "destination": "/profile.html", "statusCode": 301},
                {"source": "/view-source", "destination": "https://github.com/vercel/vercel"},
                {"source": "/blog/:path*", "destination": "/news/:path*"},
                {"source": "/post/:path(\\d{1,})", "destination": "/news/:path*"},
                {"source": "/old/:a/:b", "destination": "/new/:b/:a", "statusCode": 302},
            ]
        },
        {
            "GET /me": "308 /profile.html",
            "GET /me2": "307 /profile.html",
            "GET /me3": "308 /profile.html",
            "GET /me4": "301 /profile.html",
            "POST /me": "308 /profile.html",
            "GET /ME": "app /ME",
            "GET /me/": "app /me/",
            "GET /view-source": "308 https://github.com/vercel/vercel",
            "GET /blog": "308 /news/",
            "GET /blog/a": "308 /news/a",
            "GET /blog/a/b/c": "308 /news/a/b/c",
            "GET /blog/": "app /blog/",
            "GET /blogger": "app /blogger",
            "GET /post/12": "308 /news/12",
            "GET /post/x": "app /post/x",
            "GET /old/1/2": "302 /new/2/1",
            "GET /old/1": "app /old/1",
        },
    ),
    Group(
        "the query of a redirect",
        "docs",
        {
            "redirects": [
                {"source": "/", "destination": "/lol/?path=foo"},
                {"source": "/a", "destination": "/b"},
                {"source": "/c", "destination": "/d#top"},
                {"source": "/e/:x", "destination": "https://example.org/e?x=:x"},
            ]
        },
        {
            "GET /?baz=10": "308 /lol/?path=foo&baz=10",
            "GET /": "308 /lol/?path=foo",
            "GET /a?x=1&x=2": "308 /b?x=1&x=2",
            "GET /a?q=a%20b+c": "308 /b?q=a%20b+c",
            "GET /c?x=1": "308 /d?x=1#top",
            "GET /e/5?y=2": "308 https://example.org/e?x=5&y=2",
            "GET /e/5?x=9": "308 https://example.org/e?x=9",
        },
    ),
    Group(
        "redirects fill in what matched",
        "compiler",
        {
            "redirects": [
                {"source": "/u/:id(\\d+)-:slug", "destination": "/users/:slug/:id"},
                {"source": "/re/(.*)/x/(.*)", "destination": "/got/$2/$1"},
                {"source": "/opt/:lang?/end", "destination": "/end/:lang?"},
                {"source": "/:host.html", "destination": "https://:host.example.org/"},
                {"source": "/f/:name.pdf", "destination": "/files/:name.PDF"},
                {"source": "/wild/:rest+", "destination": "https://e.org:8080/:rest+"},
            ]
        },
        {
            "GET /u/12-jo": "308 /users/jo/12",
            "GET /u/x-jo": "app /u/x-jo",
            "GET /u/12-jo-ann": "308 /users/jo-ann/12",
            "GET /re/a/x/b": "308 /got/b/a",
            "GET /re/a/b/x/c/d": "308 /got/c/d/a/b",
            "GET /opt/de/end": "308 /end/de",
            "GET /opt/end": "308 /end/",
            "GET /tenant.html": "308 https://tenant.example.org/",
            "GET /f/a%20b.pdf": "308 /files/a%20b.PDF",
            "GET /wild/a/b": "308 https://e.org:8080/a/b",
            "GET /wild": "app /wild",
        },
    ),
    Group(
        "a redirect comes before a file, the first one wins",
        "resolver",
        {
            "redirects": [
                {"source": "/page.html", "destination": "/first"},
                {"source": "/page.html", "destination": "/second"},
            ],
            "rewrites": [{"source": "/page.html", "destination": "/third"}],
        },
        {
            "GET /page.html": "308 /first",
            "GET /other.html": "file other.html",
        },
        files=["page.html", "other.html"],
    ),
]

REWRITES = [
    Group(
        "documented rewrites",
        "docs",
        {
            "rewrites": [
                {"source": "/about", "destination": "/about-our-company.html"},
                {"source": "/resize/:width/:height", "destination": "/sharp"},
                {"source": "/user/:name", "destination": "/users/:name/home"},
                {"source": "/proxy/:match*", "destination": "https://example.org/:match*"},
                {"source": "/team", "destination": "/people?view=team"},
                {"source": "/docs/:slug", "destination": "/docs/:slug.html"},
            ]
        },
        {
            "GET /about": "file about-our-company.html",
            "HEAD /about": "file about-our-company.html",
            "GET /resize/300/400": "app /sharp?width=300&height=400",
            "GET /resize/300/400?dpr=2": "app /sharp?width=300&height=400&dpr=2",
            "GET /resize/300/400?width=1": "app /sharp?height=400&width=1",
            "GET /user/ann": "app /users/ann/home",
            "GET /user/ann?x=1": "app /users/ann/home?x=1",
            "GET /user/a%2Fb": "app /users/a%2Fb/home",
            "GET /proxy/a/b?c=d": "proxy https://example.org/a/b?c=d",
            "GET /proxy": "proxy https://example.org/",
            "POST /proxy/x": "proxy https://example.org/x",
            "GET /team": "app /people?view=team",
            "GET /team?view=me": "app /people?view=me",
            "GET /team?page=2": "app /people?view=team&page=2",
            "GET /docs/intro": "file docs/intro.html",
            "GET /docs/none": "app /docs/none.html",
            "GET /elsewhere?raw=%7E&&=&a": "app /elsewhere?raw=%7E&&=&a",
        },
        files=["about-our-company.html", "docs/intro.html"],
    ),
    Group(
        "a rewrite comes after the files",
        "docs",
        {"rewrites": [{"source": "/(.*)", "destination": "/index.html"}]},
        {
            "GET /": "file index.html",
            "GET /app.js": "file app.js",
            "GET /deep/link": "file index.html",
            "GET /api/users": "file index.html",
        },
        files=["index.html", "app.js"],
    ),
    Group(
        "the app sees the rewritten path, once",
        "builder",
        {
            "rewrites": [
                {"source": "/old/:p*", "destination": "/new/:p*"},
                {"source": "/new/:p*", "destination": "/newest/:p*"},
                {"source": "/v1/:p*", "destination": "/api/:p*?v=1"},
            ]
        },
        {
            "GET /old/a": "app /new/a",
            "GET /new/a": "app /newest/a",
            "GET /v1/x/y?z=1": "app /api/x/y?v=1&z=1",
            "GET /v1": "app /api/?v=1",
            "DELETE /old/a": "app /new/a",
        },
    ),
    Group(
        "rewrites go on until something is there",
        "resolver",
        {
            "rewrites": [
                {"source": "/a", "destination": "/b"},
                {"source": "/b", "destination": "/c?x=1"},
                {"source": "/c", "destination": "/page.html"},
            ]
        },
        {
            "GET /a": "file page.html",
            "GET /b": "file page.html",
            "GET /c": "file page.html",
            "GET /d": "404",
        },
        files=["page.html"],
        functions=[],
    ),
    Group(
        "parameters in the query",
        "compiler",
        {
            "rewrites": [
                {"source": "/one/:a", "destination": "/r"},
                {"source": "/two/:a/:b", "destination": "/r/:a"},
                {"source": "/three/:a/:b", "destination": "/r?a=:b"},
                {"source": "/four/:a/(.*)", "destination": "/r"},
                {"source": "/five/(.*)", "destination": "/r/$1"},
                {"source": "/six/:p*", "destination": "/r?p=:p*"},
                {"source": "/seven/:a", "destination": "/r#:a"},
                {"source": "/eight/:a?", "destination": "/r"},
            ]
        },
        {
            "GET /one/1": "app /r?a=1",
            "GET /two/1/2": "app /r/1",
            "GET /three/1/2": "app /r?a=2&b=2",
            "GET /four/1/2": "app /r?a=1",
            "GET /five/x/y": "app /r/x/y",
            "GET /six/x/y": "app /r?p=x/y",
            "GET /six": "app /r?p=",
            "GET /seven/1": "app /r",
            "GET /eight": "app /r?a=",
            "GET /one/a%26b": "app /r?a=a%26b",
            "GET /one/a&b=c": "app /r?a=a%26b=c",
            "GET /one/a+b": "app /r?a=a%2Bb",
        },
    ),
    Group(
        "destinations with a status, external ones, odd ones",
        "resolver",
        {
            "rewrites": [
                {"source": "/gone", "destination": "/gone.html", "statusCode": 410},
                {"source": "/none", "destination": "/none.html", "statusCode": 404},
                {"source": "/teapot", "destination": "/nothing", "statusCode": 418},
                {"source": "/up", "destination": "HTTPS://Example.ORG/Up"},
                {"source": "/two//slashes", "destination": "/page.html"},
                {"source": "/dots", "destination": "/x//y\\\\z"},
                {"source": "/tenant/:t/:p*", "destination": "https://:t.example.org/:p*"},
                {"source": "/port/:p*", "destination": "http://localhost:8000/:p*"},
            ]
        },
        {
            "GET /gone": "410 file gone.html",
            "GET /none": "404",
            "GET /teapot": "418 UNKNOWN_ERROR",
            "GET /up": "proxy https://example.org/Up",
            "GET /dots": "app /x/y/z",
            "GET /tenant/acme/a/b": "proxy https://acme.example.org/a/b",
            "GET /tenant/acme": "proxy https://acme.example.org/",
            "GET /port/a?b=c": "proxy http://localhost:8000/a?b=c",
        },
        files=["gone.html"],
    ),
]

HEADERS = [
    Group(
        "documented headers",
        "docs",
        {
            "headers": [
                {
                    "source": "/service-worker.js",
                    "headers": [{"key": "Cache-Control", "value": "public, max-age=0"}],
                },
                {
                    "source": "/(.*)",
                    "headers": [
                        {"key": "X-Content-Type-Options", "value": "nosniff"},
                        {"key": "X-Frame-Options", "value": "DENY"},
                    ],
                },
                {"source": "/:page/x", "headers": [{"key": "X-:page", "value": "is :page!"}]},
                {"source": "/frame/x", "headers": [{"key": "x-frame-options", "value": "ALLOW"}]},
            ]
        },
        {
            "GET /service-worker.js": "file service-worker.js | cache-control: public, max-age=0, "
            "x-content-type-options: nosniff, x-frame-options: DENY",
            "GET /": "app / | x-content-type-options: nosniff, x-frame-options: DENY",
            "POST /p": "app /p | x-content-type-options: nosniff, x-frame-options: DENY",
            "GET /about/x": "app /about/x | x-content-type-options: nosniff, "
            "x-frame-options: DENY, x-about: is about!",
            "GET /frame/x": "app /frame/x | x-content-type-options: nosniff, "
            "x-frame-options: ALLOW, x-frame: is frame!",
        },
        files=["service-worker.js"],
    ),
    Group(
        "headers go with rewrites, files and 404, not with an earlier redirect",
        "resolver",
        {
            "redirects": [{"source": "/r", "destination": "/s"}],
            "headers": [
                {"source": "/:all*", "headers": [{"key": "a", "value": "1"}]},
                {"source": "/new", "headers": [{"key": "b", "value": "2"}]},
                {"source": "/old", "headers": [{"key": "c", "value": "https://x/:y"}]},
            ],
            "rewrites": [
                {"source": "/old", "destination": "/new"},
                {"source": "/far", "destination": "https://example.org/"},
            ],
        },
        {
            "GET /r": "308 /s",
            "GET /x": "404 | a: 1",
            "GET /old": "404 | a: 1, c: https://x/:y",
            "GET /far": "proxy https://example.org/ | a: 1",
            "GET /f.txt": "file f.txt | a: 1",
            "GET /": "404 | a: 1",
        },
        files=["f.txt"],
        functions=[],
    ),
]

PATTERNS = [
    Group(
        "patterns",
        "compiler",
        {
            "redirects": [
                {"source": "/num/:n(\\d+)", "destination": "/1"},
                {"source": "/alt/:n(a|b)", "destination": "/2"},
                {"source": "/not/((?!api).*)", "destination": "/3"},
                {"source": "/esc\\(aped\\)", "destination": "/4"},
                {"source": "/group{/:a}?", "destination": "/5"},
                {"source": "/file.:ext", "destination": "/6"},
                {"source": "/plus/:a+/end", "destination": "/7"},
                {"source": "/unnamed/(\\w+)/x", "destination": "/8"},
                {"source": "/:y(\\d{4})/:m(\\d{2})", "destination": "/9"},
                {"source": "/dash/:a-:b", "destination": "/10"},
                {"source": "/star/:a*/end", "destination": "/11"},
                {"source": "/(en|de)/home", "destination": "/12"},
                {"source": "/opt/:a?", "destination": "/13"},
                {"source": "/slash/", "destination": "/14"},
                {"source": "/a%20b", "destination": "/15"},
                {"source": "/.hidden", "destination": "/16"},
            ]
        },
        {
            "GET /num/7": "308 /1",
            "GET /num/x": "app /num/x",
            "GET /num/7/": "app /num/7/",
            "GET /alt/a": "308 /2",
            "GET /alt/c": "app /alt/c",
            "GET /not/x/y": "308 /3",
            "GET /not/api/x": "app /not/api/x",
            "GET /not/": "308 /3",
            "GET /esc(aped)": "308 /4",
            "GET /group": "308 /5",
            "GET /group/x": "308 /5",
            "GET /group/x/y": "app /group/x/y",
            "GET /file.txt": "308 /6",
            "GET /filextxt": "app /filextxt",
            "GET /plus/a/b/end": "308 /7",
            "GET /plus/end": "app /plus/end",
            "GET /unnamed/ab_1/x": "308 /8",
            "GET /unnamed/a-b/x": "app /unnamed/a-b/x",
            "GET /2024/05": "308 /9",
            "GET /2024/5": "app /2024/5",
            "GET /dash/a-b": "308 /10",
            "GET /dash/ab": "app /dash/ab",
            "GET /star/end": "308 /11",
            "GET /star/a/b/end": "308 /11",
            "GET /en/home": "308 /12",
            "GET /fr/home": "app /fr/home",
            "GET /opt": "308 /13",
            "GET /opt/1": "308 /13",
            "GET /opt/1/2": "app /opt/1/2",
            "GET /slash/": "308 /14",
            "GET /slash": "app /slash",
            "GET /a%20b": "308 /15",
            "GET /.hidden": "308 /16",
            "GET /xhidden": "app /xhidden",
        },
    ),
]

ALL = [*REDIRECTS, *REWRITES, *HEADERS, *PATTERNS]
TABLE = cases(ALL)


@pytest.mark.parametrize(
    ("group", "request_line", "expected"), [c[1:] for c in TABLE], ids=[c[0] for c in TABLE]
)
def test_where_it_ends(group: Group, request_line: str, expected: str, tmp_path: Path) -> None:
    assert answer(group, request_line, tmp_path) == expected
