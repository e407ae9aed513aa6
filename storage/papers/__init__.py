"""Pages about many children at once: before and after a holiday, supervision, the governors, an inspection."""
