"""Made-up answers for the parsers of what strangers send: `make fuzz`."""
