import json
import os
import signal
import subprocess
import sys
import unittest
import urllib.request
from pathlib import Path

import boto3

PACKAGE = Path(__file__).resolve().parent.parent


def s3(ready):
    return boto3.client("s3", endpoint_url=ready["endpoint"], region_name="us-east-1", aws_access_key_id="300000000001", aws_secret_access_key="sandbox")


def buckets(ready):
    return [bucket["Name"] for bucket in s3(ready).list_buckets()["Buckets"]]


def fork(ready):
    request = urllib.request.Request(f"{ready['endpoint']}/sandbox-api/fork", method="POST")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


class Fork(unittest.TestCase):
    def setUp(self):
        self.first = subprocess.Popen([sys.executable, str(PACKAGE), "--exit-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ready = json.loads(self.first.stdout.readline())

    def tearDown(self):
        self.first.stdin.close()
        # End of file: none of the copies holds the other end any more.
        self.assertEqual(self.first.stdout.read(), b"")
        self.first.stdout.close()
        self.first.wait()

    def test_a_copy_goes_its_own_way(self):
        s3(self.ready).create_bucket(Bucket="before")
        copy = fork(self.ready)
        self.assertNotIn(copy["dns"], (self.ready["dns"], None))
        s3(copy).create_bucket(Bucket="in-the-copy")
        s3(self.ready).create_bucket(Bucket="in-the-first")
        again = fork(copy)
        os.kill(copy["pid"], signal.SIGKILL)
        self.assertEqual(buckets(self.ready), ["before", "in-the-first"])
        self.assertEqual(buckets(again), ["before", "in-the-copy"])
