"""The mail sink and the page that shows what arrived."""

import smtplib
from email.message import EmailMessage

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from .helpers import PHONE, SENDER, order, types


def mail(to, html='<p><a href="http://127.0.0.1:1/pay/abc">Pay</a></p>'):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "shop@example.com", to, "Your invoice ✓"
    message.set_content("Pay at http://127.0.0.1:1/pay/abc.")
    message.add_alternative(html, subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="INV 1.pdf")
    return message


def send(standins, message):
    with smtplib.SMTP("127.0.0.1", standins.smtp_port, timeout=10) as server:
        server.send_message(message)


def test_mail_is_taken_and_shown(standins):
    send(standins, mail("ada@example.com"))
    (row,) = standins.messages()["mails"]
    assert (row["subject"], row["to"]) == ("Your invoice ✓", "ada@example.com")
    assert row["links"] == ["http://127.0.0.1:1/pay/abc"]
    assert "Pay at" in row["text"] and "<p>" in row["html"]
    assert requests.get(row["attachments"][0]["url"], timeout=10).content == b"%PDF"
    page = requests.get(standins.inbox_url, timeout=10).text
    assert "Your invoice ✓" in page
    shown = requests.get(f"{standins.inbox_url}/mail/{row['id']}/html", timeout=10)
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert requests.get(f"{standins.inbox_url}/api/messages", timeout=10).json()["mails"] == [row]


@pytest.mark.parametrize(("name", "code"), [("bounce550", 550), ("temp451", 451)])
def test_mail_is_refused_on_demand(standins, name, code):
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(standins, mail(f"{name}@example.com"))
    assert [answer[0] for answer in refused.value.recipients.values()] == [code]
    assert standins.messages()["mails"] == []


def test_the_inbox_answers_stop(standins, messages):
    requests.post(
        f"{standins.inbox_url}/stop", data={"number": PHONE, "answer": "STOP"}, timeout=10
    )
    with pytest.raises(TwilioRestException):
        messages.create(to=PHONE, from_=SENDER, body="Hello")


def test_the_inbox_moves_sessions(standins, api):
    made = api.checkout.sessions.create(order())
    standins.control(f"sessions/{made['id']}/debit")
    url = f"{standins.inbox_url}/sessions/{made['id']}"
    for action, last in (
        ("settle", "checkout.session.async_payment_succeeded"),
        ("dispute", "charge.dispute.funds_withdrawn"),
        ("won", "charge.dispute.closed"),
        ("refund", "charge.refunded"),
    ):
        assert requests.post(url, data={"action": action}, timeout=10).status_code == 200
        assert types(api)[0] == last
    assert requests.post(url, data={"action": "refund"}, timeout=10).status_code == 409


def test_only_loopback_names_are_answered(standins):
    answer = requests.get(standins.inbox_url, headers={"Host": "evil.example"}, timeout=10)
    assert answer.status_code == 421
