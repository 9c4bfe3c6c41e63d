"""What every entry of the catalog computes, held against stored numbers."""
