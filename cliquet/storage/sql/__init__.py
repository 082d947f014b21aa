"""What storages on SQL share: tables, statements, and the one implementation of the contract."""
