"""The export of texts is written again only when a text has changed."""

from dev.commands.pot import same

EXPORT = (
    '"POT-Creation-Date: {time}\\n"\n"PO-Revision-Date: {time}\\n"\n\nmsgid "{text}"\nmsgstr ""\n'
)


def test_another_time_is_no_change():
    old = EXPORT.format(time="2026-01-01 10:00+0000", text="Pay")
    assert same(old, EXPORT.format(time="2026-02-02 11:30+0000", text="Pay"))
    assert not same(old, EXPORT.format(time="2026-01-01 10:00+0000", text="Pay now"))
