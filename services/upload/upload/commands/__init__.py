"""Commands of uploaders over HTTP: yank and unyank of their own projects."""
