"""Records to pages: reads exported tables, computes the statistics, writes a static site. Never trains anything."""
