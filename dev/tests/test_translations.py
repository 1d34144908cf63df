"""What payers read is translated into each language; nothing is translated that is gone."""

import re

import polib
import pytest

from dev.commands.pot import POT

# Their pages, the portal, the documents, the e-mails and SMS, and what the routes answer.
PAYERS = re.compile(
    r"model_terms:ir\.ui\.view,arch_db:\w+\.(pay|portal|report|mail)_"
    r"|model:mail\.template,(subject|body_html)"
    r"|model:sms\.template,body"
    r"|code:addons/\w+/controllers/"
)
# Texts that are the same in that language; Odoo leaves them empty.
SAME = {
    "de": {"PDF", "{{0}}: {{1}}"},
    "fr": {"Date", "Document", "PDF", "Pages", "Total"},
    "es": {"PDF", "Total", "{{0}}: {{1}}"},
}


@pytest.fixture(params=sorted(SAME))
def language(request):
    return request.param


@pytest.fixture
def translations(language):
    return {text.msgid: text.msgstr for text in polib.pofile(POT.parent / f"{language}.po")}


def _texts(pattern):
    """The texts of the template that stand where `pattern` says."""
    return {
        text.msgid
        for text in polib.pofile(POT)
        if any(pattern.match(place) for place, _line in text.occurrences)
    }


def test_all_that_payers_read_is_translated(language, translations):
    texts = _texts(PAYERS)
    assert len(texts) > 100, "the template names its places in another way"
    assert not sorted(text for text in texts - SAME[language] if not translations.get(text))


def test_nothing_is_translated_that_nobody_reads_any_more(translations):
    assert not sorted(translations.keys() - _texts(re.compile("")))
