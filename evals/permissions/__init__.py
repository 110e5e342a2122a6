"""Canary articles, people whose rights change, and draws that look for anything that reached the wrong reader."""
