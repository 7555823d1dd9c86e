"""A Django project as `startproject` and `startapp` make it, with what lies beside it."""

DJANGO = {
    "requirements.txt": "django\n",
    "manage.py": "import os, sys\nif __name__ == '__main__':\n"
    '    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_.settings")\n',
    "site_/__init__.py": "",
    "site_/settings.py": "ROOT_URLCONF = 'site_.urls'\nINSTALLED_APPS = ['blog']\n"
    "WSGI_APPLICATION = 'site_.wsgi.application'\n",
    "site_/wsgi.py": "from django.core.wsgi import get_wsgi_application\n"
    "application = get_wsgi_application()\n",
    "site_/urls.py": "from blog import views\nurlpatterns = []\n",
    "blog/__init__.py": "",
    "blog/models.py": "from django.db import models\n",
    "blog/views.py": "from . import forms\nfrom blog.models import models\nimport asgiref\n",
    "blog/forms.py": "",
    "blog/tests.py": "import model_bakery\n",
    "blog/management/commands/seed.py": "import faker\n",
    "scripts/import_data.py": "import pandas\n",
}
