"""Tests of the mends, by boto3: python -m unittest discover -s tests -t . (in the folder above)."""
