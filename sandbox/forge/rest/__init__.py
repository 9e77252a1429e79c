"""The REST calls, one file a family; each file lists its routes in `ROUTES`."""
