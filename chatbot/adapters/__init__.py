"""One file for one outside system. SDK errors become the two families of `domain.errors` here."""
