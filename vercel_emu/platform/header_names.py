"""Every platform header name, once. Lower case, `str`; source: vercel.com/docs/headers."""

from __future__ import annotations

# Who is asking and from where (request, added by the platform).
FORWARDED_FOR = "x-forwarded-for"
FORWARDED_HOST = "x-forwarded-host"
FORWARDED_PROTO = "x-forwarded-proto"
FORWARDED_PORT = "x-forwarded-port"
FORWARDED = "forwarded"
REAL_IP = "x-real-ip"
VERCEL_FORWARDED_FOR = "x-vercel-forwarded-for"
VERCEL_PROXIED_FOR = "x-vercel-proxied-for"
DEPLOYMENT_URL = "x-vercel-deployment-url"
VERCEL_ID = "x-vercel-id"
CRON_SCHEDULE = "x-vercel-cron-schedule"
CRON_PROOF = "x-vercel-emu-cron-proof"
"""Our own: carries the run's token, so that no client can pass for the scheduler."""
IP_CITY = "x-vercel-ip-city"
IP_COUNTRY = "x-vercel-ip-country"
IP_COUNTRY_REGION = "x-vercel-ip-country-region"
IP_CONTINENT = "x-vercel-ip-continent"
IP_LATITUDE = "x-vercel-ip-latitude"
IP_LONGITUDE = "x-vercel-ip-longitude"
IP_TIMEZONE = "x-vercel-ip-timezone"
IP_POSTAL_CODE = "x-vercel-ip-postal-code"
IP_AS_NUMBER = "x-vercel-ip-as-number"
JA4_DIGEST = "x-vercel-ja4-digest"
PROXY_SIGNATURE = "x-vercel-proxy-signature"
PROXY_SIGNATURE_TS = "x-vercel-proxy-signature-ts"

# Between the platform and `vercel_runtime`; user code never sees them.
INTERNAL_PREFIX = "x-vercel-internal-"
INVOCATION_ID = "x-vercel-internal-invocation-id"
REQUEST_ID = "x-vercel-internal-request-id"
DEADLINE = "x-vercel-internal-deadline"

# The runtime cache, announced with each request.
SC_HOST = "x-vercel-sc-host"
SC_BASEPATH = "x-vercel-sc-basepath"
SC_HEADERS = "x-vercel-sc-headers"
SC_PROTOCOL = "x-vercel-sc-protocol"
SC_RUNTIME_CACHE = "x-vercel-sc-runtime-cache"
SC_NO_HEADER_LEAK = "x-vercel-sc-no-header-leak"

# The runtime cache protocol itself.
CACHE_STATE = "x-vercel-cache-state"
CACHE_REVALIDATE = "x-vercel-revalidate"
CACHE_TAGS = "x-vercel-cache-tags"
CACHE_ITEM_NAME = "x-vercel-cache-item-name"
# Ours: a client tells of refused items itself, and gets their reason (`_client/oddities.py`).
CACHE_OBSERVED = "x-vercel-emu-observed"
CACHE_REFUSAL = "x-vercel-emu-refusal"

# Responses.
VERCEL_CACHE = "x-vercel-cache"
VERCEL_ERROR = "x-vercel-error"

# Consumed by this emulator's edge, never forwarded.
EMU_PREFIX = "x-emu-"
EMU_VISITOR = "x-emu-visitor"
EMU_VISITOR_COOKIE = "emu_visitor"

# Sent by this emulator's edge: why it refused a request, as JSON for the commands.
EMU_ERROR = "x-emu-error"
