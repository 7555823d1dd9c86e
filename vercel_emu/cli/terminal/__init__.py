"""What a person sees and presses in a terminal, beside the lines of `vercel_emu/console.py`.

In come values of other rooms and single keys. Out go the banner, tables and progress, and actions
on the running emulator.

Start with `banner.py`; `api_docs.py` finds a FastAPI app's documentation. `key_presses.py` tells
keys from escape sequences, `keys.py` reacts to them, `dev_keys.py` says what they do; `browser.py`
opens an address, `installing.py` shows an install. `tables.py` prints tables, `play_view.py` shows
a scenario, `side_by_side.py` several responses next to each other.
"""
