"""Serves one app by the real `vercel_runtime` and prints what it answers, as JSON.

A script for an environment of its own: its arguments are the app (folder, file, variable), the
runtime cache's port and, where the built-in API is meant, its folder.
"""

from __future__ import annotations

import base64
import json
import os
import sys

REQUESTS = [
    ("GET", "/"),
    ("GET", "/api/geo"),
    ("GET", "/api/ip"),
    ("GET", "/api/env"),
    ("GET", "/api/cache"),
    ("GET", "/api/cache"),
    ("POST", "/api/cache/expire"),
    ("GET", "/api/cache"),
    ("GET", "/api/cache-async"),
    ("GET", "/api/cache-async"),
    ("GET", "/nothing-here"),
]
VISITOR = {
    "host": "demo.vercel.app",
    "x-forwarded-host": "demo.vercel.app",
    "x-real-ip": "203.0.113.9",
    "x-vercel-ip-city": "S%C3%A3o%20Paulo",
    "x-vercel-ip-country": "BR",
    "x-vercel-ip-latitude": "-23.5",
    "x-vercel-id": "gru1::iad1::abc",
}


def main(folder: str, file: str, variable: str, port: str, *built_in: str) -> None:
    sys.path.insert(0, folder)
    sys.path[:0] = built_in
    os.environ.update(
        {
            "__VC_HANDLER_MODULE_NAME": file.removesuffix(".py").replace("/", "."),
            "__VC_HANDLER_ENTRYPOINT": file,
            "__VC_HANDLER_ENTRYPOINT_ABS": os.path.join(folder, file),
            "__VC_HANDLER_VARIABLE_NAME": variable,
            "VERCEL_REGION": "iad1",
        }
    )
    from vercel_runtime import vc_init

    cache = {
        "x-vercel-sc-host": f"127.0.0.1:{port}",
        "x-vercel-sc-protocol": "http",
        "x-vercel-sc-headers": json.dumps({"authorization": "Bearer t"}),
    }
    answers = []
    for method, path in REQUESTS:
        request = {"method": method, "path": path, "headers": VISITOR | cache, "body": ""}
        answer = vc_init.vc_handler({"body": json.dumps(request)}, None)
        body = answer["body"]
        if answer.get("encoding") == "base64":
            body = base64.b64decode(body).decode()
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        kind = headers.get("content-type")
        answers.append([method, path, answer["statusCode"], kind, body])
    from vercel import functions

    print("ANSWERS" + json.dumps([functions.__file__, answers]), file=sys.__stdout__)


if __name__ == "__main__":
    main(*sys.argv[1:])
