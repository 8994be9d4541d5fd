"""From pictures to files: frames on disk, GIFs, contact sheets, previews."""
