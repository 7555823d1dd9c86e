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
    <link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'
      viewBox='0 0 9 8'%3E%3Cpath fill='gray' d='M4.5 0 9 8H0z'/%3E%3C/svg%3E">
    <title>FastAPI on Vercel</title>
    <style>
      body {{ font: 17px/1.6 system-ui, sans-serif; max-width: 38rem; }}
      body {{ margin: 10vh auto; padding: 0 1.25rem; overflow-wrap: anywhere; }}
      h1 {{ font-size: 1.6rem; line-height: 1.25; }}
      a, button {{ font: 0.95em/1.6 ui-monospace, monospace; }}
      form {{ display: inline; }}
      ul {{ padding-left: 1.25rem; }}
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
    if method == "GET":
        return f'<a href="{path}">{path}</a>: {text}'
    return f'<form method="post" action="{path}"><button>POST {path}</button></form>: {text}'
