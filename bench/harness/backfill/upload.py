"""Puts a folder into a new bucket that everybody may read: ENDPOINT BUCKET FOLDER."""

import json
import sys
import time
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

DEADLINE_SECONDS = 30

endpoint, bucket, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
client = boto3.client(
    "s3", endpoint_url=endpoint, region_name="us-east-1", config=Config(s3={"addressing_style": "path"})
)
deadline = time.monotonic() + DEADLINE_SECONDS
while True:
    try:
        client.create_bucket(Bucket=bucket)
        break
    except ClientError:
        # it listens before it is ready
        if time.monotonic() > deadline:
            raise
        time.sleep(0.2)
policy = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{bucket}/*"]}]}
client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
for path in folder.rglob("*"):
    if path.is_file():
        client.upload_file(str(path), bucket, str(path.relative_to(folder)))
