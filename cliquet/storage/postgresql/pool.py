"""The pool of PostgreSQL connections, under the name that settings know it by."""

from cliquet.drivers.pool import QueuePoolWithMaxBacklog as QueuePoolWithMaxBacklog
