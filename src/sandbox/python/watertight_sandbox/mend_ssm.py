"""Systems Manager: the value of a SecureString that is not decrypted is a ciphertext.

moto puts the plain text behind a prefix. The ciphertext here is no real one: nothing decrypts it, as
moto decrypts its own value.
AWS: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html (WithDecryption)
https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
"""

import base64
import hashlib

from moto.ssm.models import Parameter


def apply():
    response_object = Parameter.response_object

    def described(self, decrypt=False, region=None):
        answer = response_object(self, decrypt, region)
        if self.parameter_type == "SecureString" and not decrypt:
            answer["Value"] = base64.b64encode(hashlib.sha512(self.value.encode()).digest()).decode()
        return answer

    Parameter.response_object = described
