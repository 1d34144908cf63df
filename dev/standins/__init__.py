"""Stand-ins for Stripe, Twilio and a mail server, on the loopback only.

They are for people who develop, demonstrate, break and measure the addon without an account and
without the network. `python -m dev.standins --help` starts them; `launcher.StandIns` starts them
from a test; `control.py` lists what `/_dev/…` can make them do. Nothing here is real money.
"""
