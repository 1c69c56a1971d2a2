"""Simulated venues and a local Telegram server that speak the real wire protocols on loopback.

The demo, the end-to-end test rig and the chaos lab at once. Nothing that trades imports this package: for the trading
code the sandbox is base URLs and keys.
"""
