"""Import of the files of another index, of a bucket or of a directory."""
