"""Which framework preset a deployment would choose for a folder.

The platform looks for words in the manifests, so a comment counts as well as a dependency. Its
list has the JavaScript frameworks first: a Next.js site with Python functions is a Next.js site.
"""

from __future__ import annotations

import re
from pathlib import Path

from vercel_emu.files.parsing import parse_json
from vercel_emu.files.reading import LOCK_BYTES, read_text

PYTHON_PRESETS = frozenset({"fastapi", "flask", "fasthtml", "django", "python"})

DISPLAY_NAMES = {
    "fastapi": "FastAPI",
    "flask": "Flask",
    "fasthtml": "FastHTML",
    "django": "Django",
    "python": "python",
}

_MANIFESTS = ("requirements.txt", "pyproject.toml", "Pipfile")

# preset -> (pattern, manifests it is looked for in), in the platform's order
_RULES: dict[str, tuple[str, tuple[str, ...]]] = {
    "fastapi": ("fastapi", _MANIFESTS),
    "flask": ("[Ff]lask", _MANIFESTS),
    "fasthtml": ("python-fasthtml", ("requirements.txt",)),
    "django": ("[Dd]jango", _MANIFESTS),
}

# package.json dependency -> preset, for those that the platform lists before the Python ones
_JAVASCRIPT = {
    "next": "nextjs",
    "gatsby": "gatsby",
    "@remix-run/dev": "remix",
    "@react-router/dev": "react-router",
    "astro": "astro",
    "hexo": "hexo",
    "@11ty/eleventy": "eleventy",
    "@docusaurus/core": "docusaurus-2",
    "solid-start": "solidstart",
    "@solidjs/start": "solidstart-1",
    "preact-cli": "preact",
    "ember-cli": "ember",
    "@vue/cli-service": "vue",
    "@angular/cli": "angular",
    "polymer-cli": "polymer",
    "@sveltejs/kit": "sveltekit-1",
    "sirv-cli": "svelte",
    "react-scripts": "create-react-app",
    "nuxt": "nuxtjs",
    "@redwoodjs/core": "redwoodjs",
    "vite": "vite",
    "vitepress": "vitepress",
    "vuepress": "vuepress",
    "parcel": "parcel",
}


def detect_framework(root: Path) -> str | None:
    """The preset's slug, or None for "Other"."""
    javascript = detect_javascript(root)
    if javascript is not None:
        return javascript
    manifests = {name: _read(root / name) for name in _MANIFESTS}
    for preset, (pattern, names) in _RULES.items():
        if any(re.search(pattern, manifests[name] or "") for name in names):
            return preset
        if preset == "django" and is_django_manage(root / "manage.py"):
            return preset
    return "python" if any(text is not None for text in manifests.values()) else None


def is_django_manage(file: Path) -> bool:
    """Whether this is a manage.py as the platform recognises one: by the name of its variable."""
    return "DJANGO_SETTINGS_MODULE" in (_read(file) or "")


def detect_javascript(root: Path) -> str | None:
    """The JavaScript preset that the dependencies of package.json mean, if any."""
    text = _read(root / "package.json")
    if text is None:
        return None
    try:
        package = parse_json(text)
    except ValueError:
        return None
    if not isinstance(package, dict):
        return None
    dependencies: set[str] = set()
    for key in ("dependencies", "devDependencies"):
        table = package.get(key)
        if isinstance(table, dict):
            dependencies.update(table)
    return next((slug for name, slug in _JAVASCRIPT.items() if name in dependencies), None)


def _read(file: Path) -> str | None:
    try:
        return read_text(file, LOCK_BYTES, errors="replace")
    except OSError:
        return None
