"""The commands and their options, a file a group. Each hands over to the module that does the work."""
