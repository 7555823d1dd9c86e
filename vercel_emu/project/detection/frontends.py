"""The front end beside the functions: which command makes its pages, and into which folder.

A JavaScript framework, a `build` script in package.json or a `buildCommand` makes a deployment
publish that build's output and never the sources (vercel/vercel, fs-detectors/detect-builders.ts).
An empty `buildCommand` or `outputDirectory` means that there is nothing to build.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vercel_emu.files.parsing import parse_json
from vercel_emu.files.reading import LOCK_BYTES, read_text
from vercel_emu.project.detection.frameworks import PYTHON_PRESETS, detect_javascript
from vercel_emu.project.model import Frontend

DEFAULT_OUTPUT = "public"
_SCRIPTS = ("vercel-build", "now-build", "build")
"""The scripts of package.json that a build runs, the first that there is."""

# framework -> (output folder, command), where the output is nothing but files: @vercel/frameworks
_STATIC: dict[str, tuple[str, str]] = {
    "angular": ("dist", "ng build"),
    "astro": ("dist", "astro build"),
    "brunch": ("public", "brunch build --production"),
    "create-react-app": ("build", "react-scripts build"),
    "docusaurus": ("build", "docusaurus-build"),
    "docusaurus-2": ("build", "docusaurus build"),
    "dojo": ("output/dist", "dojo build"),
    "eleventy": ("_site", "@11ty/eleventy"),
    "ember": ("dist", "ember build"),
    "gatsby": ("public", "gatsby build"),
    "gridsome": ("dist", "gridsome build"),
    "hexo": ("public", "hexo generate"),
    "hugo": ("public", "hugo --gc"),
    "ionic-angular": ("www", "ng build"),
    "ionic-react": ("build", "react-scripts build"),
    "jekyll": ("_site", "jekyll build"),
    "middleman": ("build", "bundle exec middleman build"),
    "parcel": ("dist", "parcel build"),
    "polymer": ("build", "polymer build"),
    "preact": ("build", "preact build"),
    "saber": ("public", "saber build"),
    "sanity": ("dist", "sanity build"),
    "sanity-v2": ("dist", "sanity build"),
    "sapper": ("__sapper__/export", "sapper export"),
    "scully": ("dist/static", "ng build && scully"),
    "stencil": ("www", "stencil build"),
    "storybook": ("storybook-static", "storybook build"),
    "svelte": ("public", "rollup -c"),
    "umijs": ("dist", "umi build"),
    "vite": ("dist", "vite build"),
    "vitepress": ("docs/.vitepress/dist", "vitepress build docs"),
    "vue": ("dist", "vue-cli-service build"),
    "vuepress": ("src/.vuepress/dist", "vuepress build src"),
    "zola": ("public", "zola build"),
}
_WITHOUT_NODE = frozenset({"hugo", "jekyll", "middleman", "zola"})
_SPA = frozenset(
    {
        *("angular", "create-react-app", "dojo", "ember", "ionic-angular", "ionic-react"),
        *("polymer", "preact", "sanity", "sanity-v2", "stencil", "svelte", "umijs", "vue"),
    }
)
"""Frameworks whose deployments answer every other path with `/index.html`."""
_FOLDER_IN_OUTPUT = frozenset({"angular", "docusaurus", "docusaurus-2", "polymer"})
"""Frameworks whose builds make a folder of the project's name in the output folder."""
_NEXT_EXPORT = re.compile(r"""\boutput\s*:\s*["'`]export["'`]""")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSettings:
    """What vercel.json, else the linked project, says of the build; None where neither does."""

    build_command: str | None = None
    output_directory: str | None = None


def find_frontend(
    root: Path, framework: str | None, settings: BuildSettings, top: Path
) -> Frontend | None:
    """The front end that a deployment of `root` builds; `top` is the repository's own folder."""
    if framework in PYTHON_PRESETS or "" in (settings.build_command, settings.output_directory):
        return None
    scripts = _scripts(root / "package.json")
    if framework is None and not settings.build_command and "build" not in scripts:
        return None
    slug = framework or detect_javascript(root)
    output, default = _STATIC.get(slug or "", (DEFAULT_OUTPUT, ""))
    exports_files = slug == "nextjs" and _exports_files(root)
    if exports_files:
        output = "out"
    script = next((name for name in _SCRIPTS if name in scripts), None)
    command = settings.build_command
    if command is None and script is not None and slug != "storybook":
        command = f"{package_manager(root, top)} run {script}"
    elif command is None and default:
        command = default if slug in _WITHOUT_NODE else f"npx {default}"
    return Frontend(
        framework=slug,
        command=command,
        output=settings.output_directory or output,
        is_served_by_itself=slug is not None and slug not in _STATIC and not exports_files,
        is_single_page=slug in _SPA,
        is_in_subfolder=slug in _FOLDER_IN_OUTPUT and settings.output_directory is None,
    )


def output_folder(root: Path, frontend: Frontend) -> Path:
    """Where the output is now: for some frameworks the one folder inside of the output folder."""
    folder = root / frontend.output
    if not frontend.is_in_subfolder:
        return folder
    try:
        inside = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError:
        return folder
    if len(inside) != 1 or not inside[0].is_dir():
        return folder
    browser = inside[0] / "browser"
    return browser if browser.is_dir() else inside[0]


def package_manager(folder: Path, top: Path) -> str:
    """Whose lock file is the nearest to `folder`, up to `top`: npm, pnpm, yarn or bun."""
    for place in (folder, *folder.parents):
        has = {name for name in _LOCKS if (place / name).exists()}
        if has & _BUN and "yarn.lock" in has:
            return "bun"
        for name, manager in _LOCKS.items():
            if name in has:
                return manager
        if place == top:
            break
    return "npm"


_LOCKS = {
    "yarn.lock": "yarn",
    "pnpm-lock.yaml": "pnpm",
    "package-lock.json": "npm",
    "bun.lock": "bun",
    "bun.lockb": "bun",
}
_BUN = {"bun.lock", "bun.lockb"}


def build_script(package: Path) -> str | None:
    """The script of this package.json that a build runs, if it has one."""
    scripts = _scripts(package)
    return next((name for name in _SCRIPTS if name in scripts), None)


def _scripts(package: Path) -> Mapping[str, Any]:
    try:
        data = parse_json(read_text(package, LOCK_BYTES, errors="replace"))
    except (OSError, ValueError):
        return {}
    scripts = data.get("scripts") if isinstance(data, dict) else None
    return scripts if isinstance(scripts, dict) else {}


def _exports_files(root: Path) -> bool:
    """Whether Next.js makes files only: `output: "export"` in its configuration."""
    for name in ("next.config.js", "next.config.mjs", "next.config.ts"):
        try:
            text = read_text(root / name, LOCK_BYTES, errors="replace")
        except OSError:
            continue
        return _NEXT_EXPORT.search(text) is not None
    return False
