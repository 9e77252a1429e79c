"""Slack listeners: acknowledge, parse, call one service, render."""
