"""Checks `infra/` without Azure and without the Bicep compiler: what it can prove, and no more.

It proves syntax, names, settings, rights and what is deployed; docs/deployment.md lists what only a deployment shows.
"""
