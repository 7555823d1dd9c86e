"""What would be deployed: a folder is read once into frozen values that have checked themselves.

In come a folder, what vercel.json says of it, and perhaps an interpreter and its environment. Out
goes a `Project`: its framework, its functions with their entrypoints, and the warnings a person
should see; or an `EmuError` with the platform's own code and words. Nothing here starts the app.

Start with `model.py` (the values), then `load.py` (the way to them). The four rooms inside read
vercel.json (`vercel_json/`), find the app (`detection/`), choose its interpreter and look after
its dependencies (`python/`), and put its environment together (`variables/`). `link.py` reads
`.vercel/`, `pyproject.py` pyproject.toml; `not_emulated.py` says what is missing here.
"""
