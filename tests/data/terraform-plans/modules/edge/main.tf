variable "vpc_id" {
  type = string
}

variable "subnets" {
  type = list(string)
}

resource "aws_security_group" "this" {
  name        = "edge"
  description = "The load balancer"
  vpc_id      = var.vpc_id
}

resource "aws_lb" "this" {
  name                       = "edge"
  internal                   = true
  load_balancer_type         = "application"
  security_groups            = [aws_security_group.this.id]
  subnets                    = var.subnets
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
}

resource "aws_lb_target_group" "this" {
  name     = "edge"
  port     = 8443
  protocol = "HTTPS"
  vpc_id   = var.vpc_id
  health_check {
    protocol = "HTTPS"
  }
}

output "balancer_arn" {
  value = aws_lb.this.arn
}

output "target_group_arn" {
  value = aws_lb_target_group.this.arn
}

output "group_id" {
  value = aws_security_group.this.id
}
