"""Use cases, one a file. They call ports and decide nothing that the domain can decide."""
