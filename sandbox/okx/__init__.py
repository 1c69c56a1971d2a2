"""The simulated OKX: the REST endpoints and the private stream that a client of USDT perpetuals needs."""
