"""Bridges to frameworks, one module each, imported by whoever uses the framework.

Each takes a tracker, or the program's client (`scrubjay.init`) where none is given. None of them raises into the host,
and where collection is off none of them does anything.
"""
