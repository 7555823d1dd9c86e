"""Which files are public, which path finds them, and what is answered for them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from vercel_emu.deployment.public_files import Mount, PublicFiles, public_files
from vercel_emu.edge.responses.static_file import FileFacts, content_type, decide
from vercel_emu.errors import EmuError
from vercel_emu.project.vercel_json.model import VercelConfig

ETAG = '"abc"'
FACTS = FileFacts("a.txt", 10, ETAG)


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def found(files: PublicFiles, path: str, folder: Path) -> str | None:
    file = files.find(path)
    return None if file is None else file.relative_to(folder).as_posix()


def test_an_app_publishes_public_only(tmp_path: Path) -> None:
    write(tmp_path, "public/a.txt", "public/d/index.html", "app.py", ".env")
    files = public_files(tmp_path, VercelConfig(), has_app=True)
    assert files.paths() == ["/a.txt", "/d", "/d/", "/d/index.html"]


def test_an_app_without_public_publishes_nothing(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "index.html")
    assert public_files(tmp_path, VercelConfig(), has_app=True).paths() == []


def test_functions_alone_publish_public_if_it_has_a_file(tmp_path: Path) -> None:
    write(tmp_path, "public/a.txt", "api/x.py", "helper.py")
    files = public_files(tmp_path, VercelConfig(), has_app=False)
    assert files.paths() == ["/a.txt"]
    assert files.exposed_sources() == []


def test_functions_alone_publish_what_is_no_function_and_no_setting(tmp_path: Path) -> None:
    hidden = ["vercel.json", ".env", ".env.local", "package.json", "README.md", ".gitignore"]
    hidden += [".git/config", "node_modules/x/i.js", ".venv/x", "__pycache__/y.pyc", "api/t.txt"]
    hidden += ["middleware.ts", "uv/.venv/x", ".vercel/project.json"]
    write(tmp_path, "index.html", "helper.py", "requirements.txt", "api/x.py", *hidden)
    files = public_files(tmp_path, VercelConfig(), has_app=False)
    assert files.paths() == ["/", "/helper.py", "/index.html", "/requirements.txt"]
    assert files.exposed_sources() == ["/helper.py", "/requirements.txt"]


def test_output_directory_replaces_public(tmp_path: Path) -> None:
    write(tmp_path, "dist/a.txt", "public/b.txt")
    files = public_files(tmp_path, VercelConfig(output_directory="dist"), has_app=True)
    assert files.paths() == ["/a.txt"]


def test_a_link_is_public_if_what_it_leads_to_is(tmp_path: Path) -> None:
    write(tmp_path, "index.html", "d/a.txt", ".env", ".git/config", "api/x.py", ".notes/n.txt")
    links = {"same": "d/a.txt", "env": ".env", "git": ".git", "code": "api/x.py", "f": "api"}
    links |= {"notes": ".notes/n.txt", "passwd": "/etc/passwd", "circle": "circle", "all": "/"}
    for name, target in links.items():
        (tmp_path / name).symlink_to(target)
    files = public_files(tmp_path, VercelConfig(), has_app=False)
    assert files.paths() == ["/", "/.notes/n.txt", "/d/a.txt", "/index.html", "/same"]


def test_a_link_in_public_to_a_dotfile_is_not_served(tmp_path: Path) -> None:
    write(tmp_path, "public/a.txt", "public/.hidden", "public/.secret/b.txt", ".env")
    write(tmp_path, "public/.well-known/c.txt")
    links = {"x": "../.env", "y": ".hidden", "z": ".secret/b.txt", "c": ".well-known/c.txt"}
    for name, target in links.items():
        (tmp_path / "public" / name).symlink_to(target)
    paths = public_files(tmp_path, VercelConfig(), has_app=True).paths()
    assert set(paths) & {"/x", "/y", "/z", "/c", "/a.txt"} == {"/c", "/a.txt"}


def test_a_link_that_comes_later_is_looked_at_again(tmp_path: Path) -> None:
    write(tmp_path, "public/a.txt", "public/d/b.txt", "public/c.txt", ".env", "other/b.txt")
    files = public_files(tmp_path, VercelConfig(), has_app=True)
    (tmp_path / "public" / "a.txt").unlink()
    (tmp_path / "public" / "a.txt").symlink_to("c.txt")
    assert files.find("/a.txt") is not None
    (tmp_path / "public" / "a.txt").unlink()
    (tmp_path / "public" / "a.txt").symlink_to("../.env")
    assert files.find("/a.txt") is None
    (tmp_path / "public" / "d").rename(tmp_path / "aside")
    (tmp_path / "public" / "d").symlink_to("../other")
    assert files.find("/d/b.txt") is None


def test_an_ignore_file_that_can_t_be_read_publishes_nothing(tmp_path: Path) -> None:
    write(tmp_path, "index.html")
    os.mkfifo(tmp_path / ".vercelignore")
    with pytest.raises(EmuError, match=r"\.vercelignore can't be read: it is a named pipe"):
        public_files(tmp_path, VercelConfig(), has_app=False)


@pytest.mark.parametrize("name", ["..", "../other", "/etc", "a\0b"])
def test_output_directory_outside_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(EmuError, match="lies outside"):
        public_files(tmp_path, VercelConfig(output_directory=name), has_app=True)


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/a%20b.txt", "a b.txt"),
        ("/%61%20b.txt", "a b.txt"),
        ("/caf\xc3\xa9.txt", "café.txt"),
        ("/caf%C3%A9.txt", "café.txt"),
        ("/A%20b.txt", None),
        ("/d%2fx.txt", None),
        ("/d%5cx.txt", None),
        ("/d\\x.txt", None),
        ("/../secret.txt", None),
        ("/d/../a%20b.txt", None),
        ("/%2e%2e/secret.txt", None),
        ("/..%2fsecret.txt", None),
        ("/a%20b.txt%00", None),
        ("/C:/secret.txt", None),
        ("/d/x.txt/", None),
        ("/d//x.txt", None),
        ("/%", None),
        ("/%ff", None),
    ],
)
def test_paths(tmp_path: Path, path: str, file: str | None) -> None:
    public = tmp_path / "public"
    write(tmp_path, "secret.txt")
    write(public, "a b.txt", "café.txt", "d/x.txt")
    assert found(PublicFiles([Mount(public)]), path, public) == file


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    public = tmp_path / "public"
    write(tmp_path, "secret.txt", "other/x.txt")
    write(public, "in.txt", "sub/y.txt")
    (public / "out.txt").symlink_to(tmp_path / "secret.txt")
    (public / "outdir").symlink_to(tmp_path / "other")
    (public / "link.txt").symlink_to(public / "in.txt")
    (public / "loop").symlink_to(public)
    (public / "broken").symlink_to(public / "none")
    files = PublicFiles([Mount(public)])
    assert files.paths() == ["/in.txt", "/link.txt", "/sub/y.txt"]


def test_refresh_sees_new_and_removed_files(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    files = PublicFiles([Mount(tmp_path)])
    write(tmp_path, "b.txt")
    (tmp_path / "a.txt").unlink()
    assert files.find("/b.txt") is None
    files.refresh()
    assert files.paths() == ["/b.txt"]


def test_mounts_have_a_prefix_and_an_order(tmp_path: Path) -> None:
    write(tmp_path, "one/a.txt", "one/static/s.css", "two/s.css", "two/t.css")
    files = PublicFiles([Mount(tmp_path / "one"), Mount(tmp_path / "two", "/static/")])
    assert found(files, "/static/s.css", tmp_path) == "one/static/s.css"
    assert found(files, "/static/t.css", tmp_path) == "two/t.css"


def test_clean_urls(tmp_path: Path) -> None:
    write(tmp_path, "a.html", "b/index.html", "c.html", "c/index.html", "d", "d.html")
    files = PublicFiles([Mount(tmp_path)], clean_urls=True)
    assert found(files, "/a", tmp_path) == "a.html"
    assert found(files, "/b", tmp_path) == "b/index.html"
    assert found(files, "/c", tmp_path) == "c.html"
    assert found(files, "/d", tmp_path) == "d"


# -- answers -------------------------------------------------------------------------------------


def header(value: str, name: str = "range") -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode())]


def test_headers_are_the_platforms() -> None:
    response = decide("GET", [], FACTS)
    assert (response.status, response.offset, response.length) == (200, 0, 10)
    assert dict(response.headers) == {
        "cache-control": "public, max-age=0, must-revalidate",
        "content-disposition": 'inline; filename="a.txt"',
        "content-type": "text/plain; charset=utf-8",
        "etag": ETAG,
        "accept-ranges": "bytes",
        "content-length": "10",
    }


def test_head_has_the_length_and_no_body() -> None:
    response = decide("HEAD", [], FACTS)
    assert dict(response.headers)["content-length"] == "10"
    assert response.length == 0


def test_header_of_vercel_json_wins() -> None:
    response = decide("GET", [], FACTS, headers=[("cache-control", "no-store"), ("x-a", "1")])
    headers = dict(response.headers)
    assert (headers["cache-control"], headers["x-a"]) == ("no-store", "1")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_not_allowed(method: str) -> None:
    response = decide(method, [], FACTS)
    assert (response.status, dict(response.headers)["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("known", [ETAG, f"W/{ETAG}", f'"x", {ETAG}', "*"])
def test_unchanged_file_is_not_sent(known: str) -> None:
    response = decide("GET", header(known, "if-none-match"), FACTS)
    assert (response.status, response.length) == (304, 0)
    assert dict(response.headers)["etag"] == ETAG


def test_changed_file_is_sent() -> None:
    assert decide("GET", header('"old"', "if-none-match"), FACTS).status == 200


def test_404_page_is_never_not_modified() -> None:
    response = decide("GET", header(ETAG, "if-none-match"), FACTS, status=404)
    assert (response.status, response.length) == (404, 10)


@pytest.mark.parametrize(
    ("asked", "offset", "length"),
    [
        *(("bytes=0-3", 0, 4), ("bytes=5-", 5, 5), ("bytes=-3", 7, 3), ("bytes=2-99", 2, 8)),
        *(("bytes=-99", 0, 10), ("bytes= 9-9", 9, 1)),
    ],
)
def test_one_range(asked: str, offset: int, length: int) -> None:
    response = decide("GET", header(asked), FACTS)
    assert (response.offset, response.length) == (offset, length)
    if length < 10:
        end = offset + length - 1
        assert response.status == 206
        assert dict(response.headers)["content-range"] == f"bytes {offset}-{end}/10"


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_range_outside(asked: str) -> None:
    response = decide("GET", header(asked), FACTS)
    assert (response.status, response.length) == (416, 0)
    assert dict(response.headers)["content-range"] == "bytes */10"


@pytest.mark.parametrize("asked", ["bytes=0-1,3-4", "lines=0-1", "bytes=x", "bytes=5-2", "bytes=-"])
def test_range_that_is_ignored(asked: str) -> None:
    assert decide("GET", header(asked), FACTS).length == 10


def test_range_of_another_version_is_ignored() -> None:
    headers = [*header("bytes=0-1"), *header('"old"', "if-range")]
    assert decide("GET", headers, FACTS).length == 10
    assert decide("GET", [*header("bytes=0-1"), *header(ETAG, "if-range")], FACTS).length == 2


def test_range_of_an_empty_file() -> None:
    assert decide("GET", header("bytes=0-"), FileFacts("e", 0, ETAG)).status == 416
    assert decide("GET", [], FileFacts("e", 0, ETAG)).status == 200


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("a.JS", "application/javascript; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.json", "application/json; charset=utf-8"),
        ("a.svg", "image/svg+xml"),
        ("a.png", "image/png"),
        ("a.woff2", "font/woff2"),
        ("a.tar.gz", "application/gzip"),
        ("noextension", "application/octet-stream"),
        ("a.unknownextension", "application/octet-stream"),
    ],
)
def test_content_types(name: str, expected: str) -> None:
    assert content_type(name) == expected


def test_names_that_need_quoting() -> None:
    headers = dict(decide("GET", [], FileFacts('é"\n.txt', 1, ETAG)).headers)
    assert headers["content-disposition"] == (
        "inline; filename=\"???.txt\"; filename*=UTF-8''%C3%A9%22%0A.txt"
    )


def test_etag_is_that_of_the_platform(tmp_path: Path) -> None:
    from vercel_emu.edge.responses.static_file import EtagCache

    file = tmp_path / "a.html"
    file.write_bytes(b"hello")
    cache = EtagCache()
    with file.open("rb") as opened:
        etag = cache.etag(file, opened)
    assert etag == f'"{hashlib.sha1(b".html-hello").hexdigest()}"'
    file.write_bytes(b"other")
    with file.open("rb") as opened:
        assert cache.etag(file, opened) != etag
