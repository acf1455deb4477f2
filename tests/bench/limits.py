"""What limits a row that is below its goal, each found with a profile. Shown only while the row is below."""

LIMITS = {}
