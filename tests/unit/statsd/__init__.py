"""Metrics as a StatsD server receives them."""
