"""What `make-snapshots` puts into a server, and how it writes down what came out."""
