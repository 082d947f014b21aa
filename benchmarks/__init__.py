"""
What the server costs, measured beside the least that could do the same work.

``python -m benchmarks`` compares, ``python -m benchmarks.growth`` tells what the size of a
collection costs, ``python -m benchmarks.profile KIND`` shows where the time of one kind of request
goes, and ``python -m benchmarks.startup`` how long a server takes to start.
"""
