"""The static leaderboard: reads exported tables, computes the statistics and writes a site. It never trains anything."""
