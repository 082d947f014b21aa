"""Fixtures of all tests: the real servers that come with the package."""

pytest_plugins = ["cliquet.testing.servers"]
