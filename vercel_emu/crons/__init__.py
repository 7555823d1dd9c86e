"""A project's cron jobs: which there are, when they are due, and calling them as Vercel does."""
