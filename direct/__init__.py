"""The direct paths behind `USE_UNIFIED=false`: the vendors' own clients in bounded threads. Small and frozen."""
