"""What the caller may choose. Set once, before the mends are applied."""

# Seconds that AWS takes, in the sandbox, for what takes it minutes.
CERTIFICATE_DELAY = 1.0
DISTRIBUTION_DELAY = 2.0
LOAD_BALANCER_DELAY = 1.0
TRAIL_DELAY = 0.0

# Whether it ends when its standard input closes.
ENDS_WITH_STDIN = False

# Public hosted zones that every account has from the start.
ZONES = ("example.com.", "example.org.")

# The account of credentials that do not name one.
ACCOUNT = "123456789012"
