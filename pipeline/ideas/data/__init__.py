"""The grammar of ideas as data: niches, formats, occasions, topics and words that make a post unfit."""
