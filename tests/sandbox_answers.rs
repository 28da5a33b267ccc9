//! Every answer that the product reads, through the SDK: it is stricter than others about an
//! answer's root element and required members.

use aws_sdk_cloudfront::types as cf;
use aws_sdk_s3::types as s3t;

use crate::support::Sandbox;

#[tokio::test]
async fn a_bucket_and_its_settings() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let s3 = aws.s3("eu-west-1");
    let name = format!("bucket-{}", sandbox.account);
    let tag = s3t::Tag::builder()
        .key("owner")
        .value("payments")
        .build()
        .unwrap();
    let place = s3t::CreateBucketConfiguration::builder()
        .location_constraint(s3t::BucketLocationConstraint::EuWest1)
        .tags(tag.clone())
        .build();
    let create = s3
        .create_bucket()
        .bucket(&name)
        .create_bucket_configuration(place);
    create.send().await.unwrap();
    let tags = s3.get_bucket_tagging().bucket(&name).send().await.unwrap();
    assert_eq!(tags.tag_set, vec![tag]);

    let enabled = s3t::VersioningConfiguration::builder()
        .status(s3t::BucketVersioningStatus::Enabled)
        .build();
    let put = s3
        .put_bucket_versioning()
        .bucket(&name)
        .versioning_configuration(enabled);
    put.send().await.unwrap();
    let versioning = s3
        .get_bucket_versioning()
        .bucket(&name)
        .send()
        .await
        .unwrap();
    assert_eq!(
        versioning.status,
        Some(s3t::BucketVersioningStatus::Enabled)
    );

    // The sandbox delivers access logs at once, so the bucket that gets them is never empty.
    let logs = format!("logs-{}", sandbox.account);
    let place = s3t::CreateBucketConfiguration::builder()
        .location_constraint(s3t::BucketLocationConstraint::EuWest1)
        .build();
    let create = s3
        .create_bucket()
        .bucket(&logs)
        .create_bucket_configuration(place);
    create.send().await.unwrap();
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"logs","Effect":"Allow","Principal":{{"Service":"logging.s3.amazonaws.com"}},"Action":"s3:PutObject","Resource":"arn:aws:s3:::{logs}/*"}}]}}"#
    );
    let put = s3.put_bucket_policy().bucket(&logs).policy(&policy);
    put.send().await.unwrap();
    let read = s3.get_bucket_policy().bucket(&logs).send().await.unwrap();
    assert_eq!(read.policy, Some(policy));

    let target = s3t::LoggingEnabled::builder()
        .target_bucket(&logs)
        .target_prefix("s3/")
        .build()
        .unwrap();
    let status = s3t::BucketLoggingStatus::builder()
        .logging_enabled(target.clone())
        .build();
    let put = s3
        .put_bucket_logging()
        .bucket(&name)
        .bucket_logging_status(status);
    put.send().await.unwrap();
    let read = s3.get_bucket_logging().bucket(&name).send().await.unwrap();
    assert_eq!(read.logging_enabled, Some(target));

    let encryption = s3
        .get_bucket_encryption()
        .bucket(&name)
        .send()
        .await
        .unwrap();
    let rules = encryption
        .server_side_encryption_configuration
        .unwrap()
        .rules;
    assert!(rules[0].blocked_encryption_types.is_some());
    let block = s3
        .get_public_access_block()
        .bucket(&name)
        .send()
        .await
        .unwrap();
    let block = block.public_access_block_configuration.unwrap();
    assert_eq!(block.restrict_public_buckets, Some(true));
    let ownership = s3
        .get_bucket_ownership_controls()
        .bucket(&name)
        .send()
        .await
        .unwrap();
    assert_eq!(ownership.ownership_controls.unwrap().rules.len(), 1);

    let rule = s3t::LifecycleRule::builder()
        .id("uploads")
        .status(s3t::ExpirationStatus::Enabled)
        .filter(s3t::LifecycleRuleFilter::builder().prefix("").build())
        .abort_incomplete_multipart_upload(
            s3t::AbortIncompleteMultipartUpload::builder()
                .days_after_initiation(7)
                .build(),
        )
        .build()
        .unwrap();
    let lifecycle = s3t::BucketLifecycleConfiguration::builder()
        .rules(rule)
        .build()
        .unwrap();
    let put = s3.put_bucket_lifecycle_configuration().bucket(&name);
    put.lifecycle_configuration(lifecycle).send().await.unwrap();
    let read = s3
        .get_bucket_lifecycle_configuration()
        .bucket(&name)
        .send()
        .await
        .unwrap();
    let rules = read.rules.unwrap();
    assert_eq!(rules[0].id.as_deref(), Some("uploads"));
    assert!(rules[0].abort_incomplete_multipart_upload.is_some());

    s3.list_object_versions()
        .bucket(&name)
        .send()
        .await
        .unwrap();
    s3.get_bucket_location().bucket(&name).send().await.unwrap();
    s3.head_bucket().bucket(&name).send().await.unwrap();
    s3.delete_bucket().bucket(&name).send().await.unwrap();
    let gone = s3
        .get_bucket_tagging()
        .bucket(&name)
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        gone.into_service_error().meta().code(),
        Some("NoSuchBucket")
    );
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one distribution takes many words")]
async fn a_distribution_and_what_it_refers_to() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let cloudfront = aws.cloudfront();

    let control = cf::OriginAccessControlConfig::builder()
        .name("site")
        .signing_protocol(cf::OriginAccessControlSigningProtocols::Sigv4)
        .signing_behavior(cf::OriginAccessControlSigningBehaviors::Always)
        .origin_access_control_origin_type(cf::OriginAccessControlOriginTypes::S3)
        .build()
        .unwrap();
    let create = cloudfront.create_origin_access_control();
    let create = create.origin_access_control_config(control);
    let control = create.send().await.unwrap().origin_access_control.unwrap();
    cloudfront
        .list_origin_access_controls()
        .send()
        .await
        .unwrap();
    let read = cloudfront
        .get_origin_access_control()
        .id(&control.id)
        .send()
        .await
        .unwrap();
    assert_eq!(read.origin_access_control, Some(control.clone()));

    let hsts = cf::ResponseHeadersPolicyStrictTransportSecurity::builder()
        .r#override(true)
        .access_control_max_age_sec(31_536_000)
        .build()
        .unwrap();
    let security = cf::ResponseHeadersPolicySecurityHeadersConfig::builder();
    let config = cf::ResponseHeadersPolicyConfig::builder()
        .name("hsts")
        .security_headers_config(security.strict_transport_security(hsts).build())
        .build()
        .unwrap();
    let create = cloudfront.create_response_headers_policy();
    let create = create.response_headers_policy_config(config);
    let headers = create
        .send()
        .await
        .unwrap()
        .response_headers_policy
        .unwrap();
    let read = cloudfront.get_response_headers_policy().id(&headers.id);
    assert_eq!(
        read.send().await.unwrap().response_headers_policy,
        Some(headers.clone())
    );
    let list = cloudfront
        .list_response_headers_policies()
        .send()
        .await
        .unwrap();
    assert_eq!(list.response_headers_policy_list.unwrap().quantity, 6);
    cloudfront.list_cache_policies().send().await.unwrap();

    let origin = cf::Origin::builder()
        .id("bucket")
        .domain_name("b.s3.eu-west-1.amazonaws.com")
        .origin_access_control_id(&control.id)
        .s3_origin_config(
            cf::S3OriginConfig::builder()
                .origin_access_identity("")
                .build(),
        )
        .build()
        .unwrap();
    let behavior = cf::DefaultCacheBehavior::builder()
        .target_origin_id("bucket")
        .viewer_protocol_policy(cf::ViewerProtocolPolicy::RedirectToHttps)
        .cache_policy_id("658327ea-f89d-4fab-a63d-7e88639e58f6")
        .response_headers_policy_id(&headers.id)
        .build()
        .unwrap();
    let config = cf::DistributionConfig::builder()
        .caller_reference("one")
        .comment("")
        .enabled(true)
        .origins(
            cf::Origins::builder()
                .quantity(1)
                .items(origin)
                .build()
                .unwrap(),
        )
        .default_cache_behavior(behavior)
        .build()
        .unwrap();
    let tag = cf::Tag::builder()
        .key("owner")
        .value("payments")
        .build()
        .unwrap();
    let tags = cf::Tags::builder().items(tag).build();
    let with_tags = cf::DistributionConfigWithTags::builder()
        .distribution_config(config)
        .tags(tags.clone())
        .build();
    let create = cloudfront.create_distribution_with_tags();
    let made = create
        .distribution_config_with_tags(with_tags)
        .send()
        .await
        .unwrap();
    let distribution = made.distribution.unwrap();
    let read = cloudfront
        .get_distribution()
        .id(&distribution.id)
        .send()
        .await
        .unwrap();
    assert_eq!(read.e_tag, made.e_tag);
    let shown = read.distribution.unwrap().distribution_config.unwrap();
    assert_eq!(
        shown.origins.unwrap().items[0].origin_access_control_id,
        Some(control.id)
    );
    let read = cloudfront.get_distribution_config().id(&distribution.id);
    assert_eq!(read.send().await.unwrap().e_tag, made.e_tag);
    let list = cloudfront.list_distributions().send().await.unwrap();
    assert_eq!(list.distribution_list.unwrap().quantity, 1);
    let read = cloudfront
        .list_tags_for_resource()
        .resource(&distribution.arn);
    assert_eq!(read.send().await.unwrap().tags, Some(tags));
}

#[tokio::test]
async fn a_load_balancer_and_its_groups() {
    let sandbox = Sandbox::new();
    let aws = sandbox.aws().await;
    let (elb, ec2) = (aws.elb("eu-west-1"), aws.ec2("eu-west-1"));
    let vpcs = ec2.describe_vpcs().send().await.unwrap().vpcs.unwrap();
    let vpc = vpcs[0].vpc_id.clone().unwrap();
    let subnets = ec2
        .describe_subnets()
        .send()
        .await
        .unwrap()
        .subnets
        .unwrap();
    let group = ec2
        .create_security_group()
        .group_name("lb")
        .description("lb")
        .vpc_id(&vpc);
    let group = group.send().await.unwrap().group_id.unwrap();
    ec2.describe_security_groups()
        .group_ids(&group)
        .send()
        .await
        .unwrap();
    let rules = ec2.describe_security_group_rules().send().await.unwrap();
    assert!(rules.security_group_rules.is_some());

    let create = elb
        .create_load_balancer()
        .name("shop")
        .security_groups(&group);
    let create = create.set_subnets(Some(
        subnets
            .iter()
            .take(2)
            .filter_map(|subnet| subnet.subnet_id.clone())
            .collect(),
    ));
    let made = create
        .send()
        .await
        .unwrap()
        .load_balancers
        .unwrap()
        .remove(0);
    let arn = made.load_balancer_arn.unwrap();
    let attributes = elb
        .describe_load_balancer_attributes()
        .load_balancer_arn(&arn);
    assert!(attributes.send().await.unwrap().attributes.unwrap().len() > 20);
    let create = elb
        .create_listener()
        .load_balancer_arn(&arn)
        .port(80)
        .protocol(aws_sdk_elasticloadbalancingv2::types::ProtocolEnum::Http);
    let redirect = aws_sdk_elasticloadbalancingv2::types::RedirectActionConfig::builder()
        .status_code(aws_sdk_elasticloadbalancingv2::types::RedirectActionStatusCodeEnum::Http301)
        .protocol("HTTPS")
        .build();
    let action = aws_sdk_elasticloadbalancingv2::types::Action::builder()
        .r#type(aws_sdk_elasticloadbalancingv2::types::ActionTypeEnum::Redirect)
        .redirect_config(redirect)
        .build();
    create.default_actions(action).send().await.unwrap();
    let listeners = elb
        .describe_listeners()
        .load_balancer_arn(&arn)
        .send()
        .await
        .unwrap();
    let listener = listeners.listeners.unwrap().remove(0).listener_arn.unwrap();
    elb.describe_listener_attributes()
        .listener_arn(&listener)
        .send()
        .await
        .unwrap();
    elb.describe_tags()
        .resource_arns(&arn)
        .resource_arns(&listener)
        .send()
        .await
        .unwrap();
    let interfaces = ec2.describe_network_interfaces().send().await.unwrap();
    let interfaces = interfaces.network_interfaces.unwrap();
    assert!(
        interfaces[0]
            .description
            .as_ref()
            .unwrap()
            .starts_with("ELB app/shop/")
    );
    elb.delete_load_balancer()
        .load_balancer_arn(&arn)
        .send()
        .await
        .unwrap();
}
