"""The REST API under `/api/v1`: one module a resource; all of it ends in the services in which the pages end."""
