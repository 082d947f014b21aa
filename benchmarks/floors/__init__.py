"""
Floors: the least that does the same work, at three heights.

They answer the measured requests with the same records, JSON and headers as the server, and do
nothing else: no authentication, no validation, no preconditions on writes, no events, no logs.
"""
