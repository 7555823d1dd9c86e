"""A project's cron jobs: which there are, when they are due, and calling them as Vercel does.

In come the `crons` of vercel.json and the project's source (for functions that `vercel.cron`
decorates, found without running them). Out go `CronJob`s with their next times, and calls with the
platform's headers, at the running emulator.

Start with `jobs.py` (what there is), then `scheduler.py` (what is due next is a plain function;
the loop only waits and calls). `call.py` makes one call, `declared.py` reads decorators.
"""
