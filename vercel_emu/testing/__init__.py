"""The Python API: an emulator inside a test's or script's process (extra `vercel-emu[testing]`)."""
