"""Who left since a day, by an index."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """An index of Membership.until."""

    dependencies = [("org", "0006_choices")]

    operations = [
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(
                condition=models.Q(("until__isnull", False)),
                fields=["until"],
                name="membership_ended",
            ),
        ),
    ]
