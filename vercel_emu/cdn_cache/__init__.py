"""The CDN's cache in front of the functions (`--cdn-cache`): policy, store and gate.

In comes a request as the function would get it, with a way to ask the function. Out goes the
response, from the cache, or from the function with a copy kept; and purging by tag or path.

Start with `policy.py`: what is kept, for how long and for whom, as plain functions without a
clock. `store.py` keeps responses in memory, bounded; `gate.py` stands before the functions and
performs.
"""
