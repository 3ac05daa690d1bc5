"""Asking an endpoint."""
