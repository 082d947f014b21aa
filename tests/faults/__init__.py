"""Faults under load: servers and workers that are killed, frozen or full, seen over HTTP."""
