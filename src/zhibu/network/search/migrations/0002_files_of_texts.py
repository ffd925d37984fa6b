"""Names of the files of texts are found too: texts that have some are indexed anew."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def note_texts(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - Django's signature
    """The worker takes them in."""
    note, file = apps.get_model("search", "SearchNote"), apps.get_model("dissemination", "TextFile")
    texts = file.objects.filter(is_current=True, is_issued=True).order_by()
    keys = set(texts.values_list("text_id", flat=True))
    note.objects.bulk_create([note(kind="text", subject=key) for key in keys], batch_size=2000)


class Migration(migrations.Migration):
    """Notes for texts with files."""

    dependencies = [("search", "0001_entries"), ("dissemination", "0003_ways")]

    operations = [migrations.RunPython(note_texts, migrations.RunPython.noop)]
