"""Who is asking: from what a person writes (`Tokyo`, `JP`, `203.0.113.9`) to a frozen `Visitor`.

In come texts of the command line, of request headers and cookies, and tables of pyproject.toml and
of scenarios. Out go a `Visitor` and the request headers that the platform makes of one. The places
are a file inside the package; the network is never asked.

Start with `visitor.py` (the value), `resolve.py` (text to visitor) and `choose.py` (who a request
is, strongest first); `directory.py` keeps the current one of a running emulator. `find.py`,
`fold.py` and `places.py` search the gazetteer, `geoip.py` a database that a person brings;
`named.py` and `override.py` check tables and single fields; `headers.py` and `asking.py` write
headers; `addresses.py` has addresses that belong to nobody; `pages.py` is `/_emu/visitor/`.
"""
