"""The start page: who is visiting, and what there is to call."""

from html import escape

ROUTES = [
    ("GET", "/api/geo", "where you are, as the platform knows it"),
    ("GET", "/api/ip", "your address"),
    ("GET", "/api/env", "the deployment's system variables"),
    ("GET", "/api/cache", "a counter in the runtime cache"),
    ("POST", "/api/cache/expire", "forget the counter, by its tag"),
    ("GET", "/api/cache-async", "the same counter, async"),
    ("GET", "/api/blog", "posts, fetched once an hour"),
    ("GET", "/api/blog-async", "the same posts, async"),
    ("POST", "/api/blog/expire", "fetch the posts anew, by their tag"),
    ("GET", "/api/background", "work after the response"),
    ("GET", "/api/deadline", "how long this invocation may run"),
    ("GET", "/api/stream", "ten tokens, one after the other"),
]

PAGE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>FastAPI on Vercel</title>
    <style>
      body {{ font: 17px/1.6 system-ui, sans-serif; max-width: 38rem; margin: 4rem auto; }}
      h1 {{ font-size: 1.6rem; }}
      code, a {{ font-family: ui-monospace, monospace; font-size: 0.95em; }}
      li {{ margin: 0.35rem 0; }}
      :root {{ color-scheme: light dark; }}
    </style>
  </head>
  <body>
    <h1>Hello, visitor from {city}</h1>
    <p>FastAPI on Vercel. What there is to call:</p>
    <ul>
{items}
    </ul>
  </body>
</html>
"""


def render(city: str | None) -> str:
    items = "\n".join(f"      <li>{_link(*route)}</li>" for route in ROUTES)
    return PAGE.format(city=escape(city or "somewhere"), items=items)


def _link(method: str, path: str, text: str) -> str:
    target = f'<a href="{path}">{path}</a>' if method == "GET" else f"<code>POST {path}</code>"
    return f"{target}: {text}"
