"""What `start.sh` does once the environment stands: start, watch and stop ElCaro's processes."""
