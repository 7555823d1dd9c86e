"""For every test: nothing leaves this machine, and no emulator of the person's own interferes."""

from __future__ import annotations

import os

# Read by the official SDK when it is imported.
os.environ["VERCEL_TELEMETRY_DISABLED"] = "1"
