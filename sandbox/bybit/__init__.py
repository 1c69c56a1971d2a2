"""The simulated Bybit v5: the wire protocol on top of the engine, as unmodified pybit and ccxt speak it.

https://bybit-exchange.github.io/docs/v5/intro
"""
