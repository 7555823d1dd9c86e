"""Which framework a folder has, which app a deployment would run, which files are functions.

In come a folder and its settings. Out go a preset's name, an `Entrypoint`, or `Function`s, in the
platform's order and with its messages. Source is read and never imported; only a Django project's
settings are executed where their source can't tell, under the app's own interpreter.

Start with `entrypoint.py` (the one app) and `functions.py` (the files of `api/`). `sources.py`
reads files by the grammar of the app's own Python (`guest/analysis/`), `apps/` what they say of an
app. `frameworks.py` knows which preset it is, `frontends.py` what is built beside the functions,
`builds.py` reads the legacy `builds`, `old_rewrites.py` says what a rewrite to `/api/index` means,
`globs.py` matches files, `served.py` tells whether there is anything to serve without functions.
`django.py` and `django_source.py` are about Django; `entrypoint_errors.py` has the words for an app
that was not found.
"""
