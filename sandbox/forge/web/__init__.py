"""The forge's web pages: enough to read a pull request on a phone and to merge it."""
