PRAGMA page_size
