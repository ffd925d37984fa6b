"""The application for a WSGI server."""

from __future__ import annotations

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhibu.settings")
application = get_wsgi_application()

# All pages are imported now, not by the first visitor; then what stays for good is set aside. A full
# collection walks all of it otherwise: 0.1 s, in every twentieth visit of a large page.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
