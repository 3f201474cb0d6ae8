import verifier.models.base
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('leaderboard', '0011_kept_answers'),
    ]

    operations = [
        migrations.AddField(
            model_name='dump',
            name='description',
            field=verifier.models.base.JsonTextField(default=dict, help_text='As leaderboard.exports.croissant makes it.'),
            preserve_default=False,
        ),
    ]
