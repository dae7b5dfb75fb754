"""The product: everything that is deployed besides function_app.py. Nothing here may import `local` or `factory`."""
