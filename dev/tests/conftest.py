"""What the tests of the stand-ins share: one running set, emptied before each test."""

import pytest
import stripe

from dev.standins.cli_check import Receiver
from dev.standins.launcher import StandIns

from . import helpers


@pytest.fixture(scope="session")
def _receiver():
    server = Receiver()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def _running(_receiver):
    with StandIns(
        webhook_url=_receiver.url,
        webhook_secret=helpers.SECRET,
        webhook_backoff="0.1,0.1,0.1",
        sms_step=0.05,
    ) as running:
        yield running


@pytest.fixture
def standins(_running, monkeypatch):
    """The stand-ins, empty. The SDK's telemetry would write into the home folder."""
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    _running.control("reset")
    return _running


@pytest.fixture
def receiver(_receiver, standins):
    """Takes the webhooks; `statuses` are its next answers."""
    _receiver.deliveries.clear()
    _receiver.statuses.clear()
    return _receiver


@pytest.fixture
def api(standins):
    return helpers.client(standins).v1


@pytest.fixture
def messages(standins):
    return helpers.twilio_client(standins).messages
