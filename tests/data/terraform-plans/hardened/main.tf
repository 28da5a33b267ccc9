terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.69, < 7"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}

locals {
  name = "acme-invoices"
}

resource "aws_s3_bucket" "invoices" {
  bucket = local.name
}

resource "aws_s3_bucket_public_access_block" "invoices" {
  bucket                  = aws_s3_bucket.invoices.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "invoices" {
  bucket = aws_s3_bucket.invoices.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "invoices" {
  bucket = aws_s3_bucket.invoices.id
  rule {
    blocked_encryption_types = ["SSE-C"]
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

data "aws_iam_policy_document" "invoices" {
  dynamic "statement" {
    for_each = {
      "aws:SecureTransport" = ["Bool", "false"]
      "s3:TlsVersion"       = ["NumericLessThan", "1.2"]
    }
    content {
      sid       = "Deny${replace(statement.key, ":", "")}"
      effect    = "Deny"
      actions   = ["s3:*"]
      resources = ["arn:aws:s3:::${local.name}", "arn:aws:s3:::${local.name}/*"]
      principals {
        type        = "*"
        identifiers = ["*"]
      }
      condition {
        test     = statement.value[0]
        variable = statement.key
        values   = [statement.value[1]]
      }
    }
  }
}

resource "aws_s3_bucket_policy" "invoices" {
  bucket = aws_s3_bucket.invoices.id
  policy = data.aws_iam_policy_document.invoices.json
}
