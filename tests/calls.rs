//! What looking costs: every call of a whole run of the program, the question who it is included.

use crate::support::Sandbox;
use crate::support::cli::Project;

/// `most` is how many calls a plan of the applied component may make.
fn check(component: &str, most: usize) {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let project = Project::at(proxy.endpoint(), &sandbox.account);
    project.write(
        "app.toml",
        &format!("app = \"shop\"\nenvironment = \"prod\"\nregion = \"eu-west-1\"\n{component}"),
    );
    project.apply("app.toml");
    proxy.clear();
    project.nothing_to_do("app.toml");
    let counts = proxy.counts();
    let n: usize = counts.values().sum();
    assert!(n <= most, "{n} calls: {counts:#?}");
}

#[test]
fn a_static_site_is_looked_at_with_few_calls() {
    check(
        r#"
        [components.site]
        blueprint = "static-site"
        domain = "www.example.com"
        "#,
        // Six of them for the access logs of the distribution, which have no batch reads.
        32,
    );
}

#[test]
fn an_https_service_is_looked_at_with_few_calls() {
    check(
        r#"
        [components.web]
        blueprint = "https-service"
        domain = "shop.example.com"
        port = 8443
        redirect_http = true
        targets = ["172.31.0.10", "172.31.16.10"]
        "#,
        // One of them looks whether somebody has given the load balancer another listener, and
        // two whether a listener has been given a rule: AWS lists them by listener.
        33,
    );
}
