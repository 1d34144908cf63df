"""What happens when things go wrong: `make chaos`, on a real server and the Stripe stand-in."""
