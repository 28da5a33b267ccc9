terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.46"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}

variable "vpc_id" {
  type    = string
  default = "vpc-0a1b2c3d"
}

module "bucket" {
  source   = "./bucket"
  for_each = toset(["invoices", "reports"])
  name     = "acme-${each.key}"
  open     = each.key == "reports"
}

module "edge" {
  source  = "./edge"
  vpc_id  = var.vpc_id
  subnets = ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]
}

# The listener stands in the root and takes everything from the module.
resource "aws_lb_listener" "plain" {
  load_balancer_arn = module.edge.balancer_arn
  port              = 8080
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = module.edge.target_group_arn
  }
}

resource "aws_vpc_security_group_ingress_rule" "office" {
  count             = 2
  security_group_id = module.edge.group_id
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
  cidr_ipv4         = ["198.51.100.0/24", "203.0.113.0/24"][count.index]
}
