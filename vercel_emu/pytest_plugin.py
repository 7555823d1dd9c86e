"""The pytest plugin (extra `vercel-emu[testing]`)."""
