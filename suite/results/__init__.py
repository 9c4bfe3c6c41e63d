"""The exported format: tables and manifest, written and read here only. Imports nothing that trains."""
