"""The WSGI application that Vercel runs, found through `WSGI_APPLICATION` in the settings."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
