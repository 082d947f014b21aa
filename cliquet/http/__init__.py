"""What is about requests and not about records: services, CORS, bodies, tweens, sub-requests."""
