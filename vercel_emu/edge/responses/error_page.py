"""The error page for a browser: Vercel's status and code, and what the person needs to fix it."""

from __future__ import annotations

from html import escape

from vercel_emu.edge.failure import Failure
from vercel_emu.edge.responses.overlay import Overlay
from vercel_emu.platform import own_paths

_STYLE = """
:root{color-scheme:light dark;--bg:#fff;--fg:#111;--dim:#666;--line:#e5e5e5;--code:#fafafa;
--red:#c50000}
@media(prefers-color-scheme:dark){:root{--bg:#0a0a0a;--fg:#ededed;--dim:#a1a1a1;--line:#2e2e2e;
--code:#111;--red:#ff6166}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);
font:16px/1.5 system-ui,sans-serif}main{max-width:60rem;margin:8vh auto;padding:0 1.5rem}
h1{font-size:1.5rem;margin:0 0 .25rem}h1 span{color:var(--red)}p{margin:.5rem 0}
.dim{color:var(--dim);font-size:.875rem}code,pre{font:13px/1.6 ui-monospace,monospace}
pre{background:var(--code);border:1px solid var(--line);border-left:3px solid var(--red);
border-radius:6px;padding:1rem;overflow:auto;white-space:pre-wrap;
overflow-wrap:anywhere}
.where{font-weight:600}a{color:inherit}
"""

_RELOAD_SCRIPT = """<script>
(async function wait(){
  try{const r=await fetch("%s",{cache:"no-store"});if(r.status===200)return location.reload();
  if(r.status!==204)throw r}
  catch(e){await new Promise(r=>setTimeout(r,500))}
  wait()
})()
</script>"""


def render(failure: Failure, vercel_id: str, *, overlay: Overlay, title: str = "") -> str:
    """The page as HTML, under the failure's code or another `title`."""
    title = title or failure.code
    parts = [f"<h1><span>{failure.status}</span>: {escape(title)}</h1>"]
    parts.append(f"<p>{escape(_sentence(failure))}</p>")
    if failure.location:
        parts.append(f'<p class="where"><code>{overlay.place(failure.location)}</code></p>')
    if failure.detail:
        parts.append(f"<pre>{overlay.traceback(failure.detail)}</pre>")
    if failure.caused_by:
        changed = ", ".join(failure.caused_by)
        parts.append(f'<p class="dim">Since the change of <code>{escape(changed)}</code>.</p>')
    parts.append(f'<p class="dim">ID: <code>{escape(vercel_id)}</code></p>')
    if overlay.on and failure.status != 404:
        parts.append(_RELOAD_SCRIPT % f"{own_paths.WAIT}?since={_asked_at(vercel_id)}")
        parts.append('<p class="dim">This page reloads itself when the code changes.</p>')
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"{own_paths.ICON}<title>{failure.status}: {escape(title)}</title>"
        f"<style>{_STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>"
    )


def _asked_at(vercel_id: str) -> str:
    """When the page was asked for, in epoch milliseconds: a part of the id."""
    parts = vercel_id.rpartition(":")[2].split("-")
    return parts[1] if len(parts) > 2 and parts[1].isdigit() else ""


def _sentence(failure: Failure) -> str:
    if failure.explanation:
        return failure.explanation
    if failure.code == "FUNCTION_INVOCATION_FAILED":
        return "This Serverless Function has crashed. The terminal has its logs."
    return failure.message if failure.message.endswith(".") else failure.message + "."
