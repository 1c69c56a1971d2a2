"""The product's vocabulary: values that every room speaks, and nothing that does I/O."""
