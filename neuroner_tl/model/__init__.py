"""The network: six layers, one file each, and the class that assembles them."""
