"""Who uses what, across services: asked when it matters instead of being kept in two places."""


def load_balancers(account, region):
    from moto.elbv2.models import elbv2_backends

    return list(elbv2_backends[account][region].load_balancers.values())


def of_certificate(arn):
    """ARNs of the load balancers and distributions that serve a certificate, in AWS's words its
    `InUseBy`: https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html"""
    from .mend_cloudfront import distributions

    _, _, _, region, account, _ = arn.split(":", 5)
    users = [
        balancer.arn
        for balancer in load_balancers(account, region)
        if any(arn in listener.certificates for listener in balancer.listeners.values())
    ]
    users += [
        distribution.arn
        for distribution in distributions(account)
        if distribution.config.get("ViewerCertificate", {}).get("ACMCertificateArn") == arn
    ]
    return sorted(users)


