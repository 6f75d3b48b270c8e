"""Look of the pages for people: templates, style sheet, scripts, and the values that they show."""
