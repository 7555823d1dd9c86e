"""Playing scenarios: the requests of many visitors, sent in time and checked as they come back.

In come a TOML file and the address of an emulator. Out goes a `Report`: each request's result,
what was expected and what came, for people, as JSON and as JUnit XML. The same file and seed
always make the same requests.

Start with `scenario.py` (the file as values, and the plan), then `play.py` (sends and checks) and
`expectations.py` (plain functions from a response to failures). `report.py` adds up, `formats.py`
writes; `kept.py` carries values from step to step; `cache_look.py` asks what the runtime cache
holds, `failed_logs.py` what the app wrote, `reloads.py` waits for new code; `json_path.py` and
`toml_lines.py` read places in a body and lines of a file.
"""
