"""APIs of Google Cloud over REST, where one or two methods are needed and no library."""
