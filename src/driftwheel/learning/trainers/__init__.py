"""Trainers: what makes a classifier of labelled images."""
