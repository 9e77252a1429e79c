"""What any `Cluster` promises, a file for each side of it; `cluster_suite` gathers them."""
