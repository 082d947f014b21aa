"""What imports the drivers of databases, and makes engines and pools of settings."""
