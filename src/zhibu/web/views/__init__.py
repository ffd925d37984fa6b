"""One view, one address: the object with the right, a service, a page."""
