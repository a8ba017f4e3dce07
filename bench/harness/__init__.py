"""Measures direct access, nginx, haproxy and the agent side by side."""
