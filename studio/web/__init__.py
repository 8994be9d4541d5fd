"""The shared renders as a web page: static files, no script, nothing fetched from elsewhere.

    Share records ─► Collection (who made what from what) ─► pages ─► ExportDirectory (kept in step)
                     GIFs ─► SharePicture (copies and stills)  ────►

The directory can be opened from disk, or served by anything under any path: every link is relative.
"""
