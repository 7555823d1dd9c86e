"""A Flask app that uses `vercel.functions`."""

from flask import Flask, render_template, request
from vercel.functions import RuntimeCache, geolocation, get_env, ip_address

app = Flask(__name__)
app.json.ensure_ascii = False
app.json.sort_keys = False

HOUR = 3600


@app.get("/")
def index():
    return render_template("index.html", city=geolocation(request)["city"])


@app.get("/api/geo")
def geo():
    return geolocation(request)


@app.get("/api/ip")
def ip():
    return {"ip": ip_address(request)}


@app.get("/api/env")
def env():
    return get_env().to_dict()


@app.get("/api/cache")
def cache():
    """Counts visits until the tag expires, or for an hour after the last one."""
    stored = RuntimeCache()
    visits = (stored.get("visits") or 0) + 1
    stored.set("visits", visits, {"ttl": HOUR, "tags": ["visits"]})
    return {"visits": visits}


@app.post("/api/cache/expire")
def cache_expire():
    RuntimeCache().expire_tag("visits")
    return {"expired": "visits"}
