"""Services that Debian does not have, as far as wiring sees them: strict about what they take, and breakable."""
