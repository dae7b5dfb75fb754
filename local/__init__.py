"""Everything that runs the product on one machine; nothing in `shared` imports it."""
