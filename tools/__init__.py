"""Tools of the repository itself: set-up and checks. Nothing here is deployed or imported by the product."""
