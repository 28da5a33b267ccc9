"""Which account a request belongs to.

A key id of 12 digits is the account itself, so that tests and people can have as many accounts,
each empty, as they like. Any other key id that moto's IAM does not know is account 123456789012.
AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
(the scope of a signature, where the key id is read from).
"""

import re

from moto.core.responses import BaseResponse
from moto.iam import models as iam_models

KEY = re.compile(r"Credential=([^/,\s]+)/")


def apply():
    get_access_key = BaseResponse.get_access_key
    get_account_id_from = iam_models.get_account_id_from

    def key_of(self):
        match = KEY.search(self.headers.get("Authorization", ""))
        return match.group(1) if match else get_access_key(self)

    def account_of(access_key):
        return access_key if re.fullmatch(r"\d{12}", access_key) else get_account_id_from(access_key)

    BaseResponse.get_access_key = key_of
    iam_models.get_account_id_from = account_of
