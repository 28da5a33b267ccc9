from .support import Case


class Values(Case):
    def put(self, name, kind, value):
        self.client("ssm").put_parameter(Name=name, Type=kind, Value=value)

    def get(self, name, **more):
        return self.client("ssm").get_parameter(Name=name, **more)["Parameter"]

    def test_a_secure_string_is_a_ciphertext_unless_it_is_decrypted(self):
        self.put("/shop/key", "SecureString", "secret text")
        sealed = self.get("/shop/key")
        self.assertEqual(sealed["Type"], "SecureString")
        self.assertNotIn("secret", sealed["Value"])
        self.assertEqual(self.get("/shop/key", WithDecryption=True)["Value"], "secret text")

    def test_plain_parameters_are_read_as_they_were_put(self):
        self.put("/shop/subnets", "StringList", "subnet-1,subnet-2")
        found = self.get("/shop/subnets")
        self.assertEqual((found["Type"], found["Value"], found["Version"]), ("StringList", "subnet-1,subnet-2", 1))
        self.refused("ParameterNotFound", self.client("ssm").get_parameter, Name="/shop/other")
        near = [{"Key": "Name", "Option": "BeginsWith", "Values": ["/shop/"]}]
        names = self.client("ssm").describe_parameters(ParameterFilters=near)["Parameters"]
        self.assertEqual([one["Name"] for one in names], ["/shop/subnets"])

    def test_a_secret_is_described_without_its_value(self):
        secrets = self.client("secretsmanager")
        arn = secrets.create_secret(Name="shop/db", SecretString="secret text")["ARN"]
        self.assertEqual(secrets.describe_secret(SecretId="shop/db")["ARN"], arn)
        self.assertEqual(secrets.describe_secret(SecretId=arn)["Name"], "shop/db")
        self.refused("ResourceNotFoundException", secrets.describe_secret, SecretId="shop/other")
        secrets.delete_secret(SecretId="shop/db")
        self.assertIn("DeletedDate", secrets.describe_secret(SecretId="shop/db"))
