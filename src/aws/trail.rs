//! Who changed what, by CloudTrail's event history.
//!
//! The history keeps 90 days of the calls that changed something, for nothing, in every
//! account. It may be asked twice a second in an account and region, by one attribute: here
//! by the thing, and where that finds nothing by the name of the call, for of which calls a
//! thing is listed as a resource AWS does not document.
//!
//! Facts: *CloudTrail API reference*, `LookupEvents` (one attribute, 50 events a page, the
//! newest first, two requests per second, account and region); *CloudTrail user guide*,
//! "Working with event history" (90 days, by region; events of global services are
//! us-east-1's), "How CloudTrail works" (an event is there some 5 minutes after the call, a
//! time that is not guaranteed), "Record contents" and "userIdentity element".
//!
//! *Invariant*: reads only; a refusal is an answer, never a failure; and what this program
//! did itself is nobody's change.

mod calls;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use jiff::Timestamp;
use serde::Serialize;
use tokio::time::Instant;

pub use calls::{TRACES, Traces};

use super::client::MARK;
use super::{Aws, Error, ErrorKind};

/// How many lookups a run makes at most: with two a second, 15 seconds.
pub const MOST_LOOKUPS: usize = 30;

/// Pages of one lookup that are read at most.
const PAGES: usize = 2;

/// Two requests a second, and a little.
const PACE: Duration = Duration::from_millis(510);

/// A call that somebody made and that went through.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// CloudTrail's id of it.
    pub id: String,
    /// `ModifyLoadBalancerAttributes`.
    pub call: String,
    /// Who: an ARN, or the service of AWS's.
    pub by: String,
    /// When it was carried out.
    pub at: Timestamp,
    /// From where, as far as it can be told: `the console`, `aws-cli`, `CloudFormation`.
    pub from: Option<String>,
    /// The address that it came from, or the service's name.
    pub address: String,
    /// What the call was about.
    #[serde(skip)]
    values: Vec<String>,
    /// Whether this program made it.
    #[serde(skip)]
    ours: bool,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Resource(String),
    Call(&'static str),
}

/// What the history says of a change.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The last call of somebody else's that could have made it.
    Made(Box<Event>),
    /// It was deleted along with what it belongs to, at this address.
    With(String),
    /// Why that can't be told, a clause.
    Untold(String),
}

/// The event history, as one run asks it.
#[derive(Debug)]
pub struct Trail<'a> {
    aws: &'a Aws,
    answers: BTreeMap<(String, By), Vec<Event>>,
    /// When each region was asked last.
    last: BTreeMap<String, Instant>,
    asked: usize,
    refusal: Option<Error>,
}

impl<'a> Trail<'a> {
    /// Asks nothing yet.
    #[must_use]
    pub fn new(aws: &'a Aws) -> Self {
        Self {
            aws,
            answers: BTreeMap::new(),
            last: BTreeMap::new(),
            asked: 0,
            refusal: None,
        }
    }

    /// What refused to answer, if anything did.
    #[must_use]
    pub fn refusal(&self) -> Option<&Error> {
        self.refusal.as_ref()
    }

    /// The last of these calls by somebody else about a thing. `things` are the names under
    /// which the trail may list it, the likeliest first; `named` is what the call must have
    /// named, all of it.
    pub async fn last(
        &mut self,
        region: &str,
        things: &[String],
        named: &[String],
        calls: &[&'static str],
    ) -> Answer {
        if calls.is_empty() {
            return Answer::Untold("no call of AWS's is known to do that".to_owned());
        }
        let by_thing = things.iter().cloned().map(By::Resource);
        let by_call = calls.iter().copied().map(By::Call);
        for by in by_thing.chain(by_call) {
            let Some(events) = self.ask(region, by).await else {
                return Answer::Untold(self.silence());
            };
            let fits =
                |event: &&Event| calls.iter().any(|call| event.is(call)) && event.names(named);
            let found = events.iter().filter(fits);
            let (own, others): (Vec<&Event>, Vec<&Event>) = found.partition(|event| event.ours);
            if let Some(event) = others.first() {
                return Answer::Made(Box::new((*event).clone()));
            }
            if !own.is_empty() {
                return Answer::Untold("no call but watertight's own is on record".to_owned());
            }
        }
        Answer::Untold("no such call is on record".to_owned())
    }

    /// The first of these calls about a thing, whoever made it.
    pub async fn first(
        &mut self,
        region: &str,
        thing: &str,
        calls: &[&'static str],
    ) -> Option<Event> {
        let by_thing = By::Resource(thing.to_owned());
        let by_call = calls.iter().copied().map(By::Call);
        for by in std::iter::once(by_thing).chain(by_call) {
            let named = [thing.to_owned()];
            let fits =
                |event: &&Event| calls.iter().any(|call| event.is(call)) && event.names(&named);
            let events = self.ask(region, by).await?;
            if let Some(event) = events.iter().rfind(fits) {
                return Some(event.clone());
            }
        }
        None
    }

    /// Why nothing is answered.
    fn silence(&self) -> String {
        match &self.refusal {
            Some(error) if error.kind == ErrorKind::AccessDenied => {
                "who did it may not be asked: it takes cloudtrail:LookupEvents".to_owned()
            }
            Some(error) => format!("CloudTrail does not say: {error}"),
            None => format!("not looked up: a run asks CloudTrail {MOST_LOOKUPS} times at most"),
        }
    }

    /// The events of one lookup, asked once a run; none where it is refused or enough was
    /// asked.
    async fn ask(&mut self, region: &str, by: By) -> Option<&[Event]> {
        let key = (region.to_owned(), by);
        if !self.answers.contains_key(&key) {
            let events = self.look_up(&key.0, &key.1).await?;
            self.answers.insert(key.clone(), events);
        }
        self.answers.get(&key).map(Vec::as_slice)
    }

    async fn look_up(&mut self, region: &str, by: &By) -> Option<Vec<Event>> {
        let (key, value) = match by {
            By::Resource(name) => (LookupAttributeKey::ResourceName, name.as_str()),
            By::Call(name) => (LookupAttributeKey::EventName, *name),
        };
        let attribute = LookupAttribute::builder()
            .attribute_key(key)
            .attribute_value(value)
            .build()
            .ok()?;
        let client = self.aws.cloudtrail(region);
        let mut events = Vec::new();
        let mut next = None;
        for _ in 0..PAGES {
            if self.refusal.is_some() || self.asked >= MOST_LOOKUPS {
                return None;
            }
            self.wait_for_turn(region).await;
            self.asked += 1;
            let answer = client
                .lookup_events()
                .lookup_attributes(attribute.clone())
                .set_next_token(next)
                .send()
                .await;
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => {
                    self.refusal = Some(Error::of("cloudtrail:LookupEvents", &error));
                    return None;
                }
            };
            events.extend(answer.events().iter().filter_map(event));
            next = answer.next_token;
            if next.is_none() {
                break;
            }
        }
        Some(events)
    }

    async fn wait_for_turn(&mut self, region: &str) {
        if let Some(last) = self.last.get(region) {
            tokio::time::sleep_until(*last + PACE).await;
        }
        self.last.insert(region.to_owned(), Instant::now());
    }
}

impl Event {
    /// Whether it is this call. Some services put the version of their API behind it,
    /// `UpdateDistribution2020_05_31` (*CloudFront developer guide*, "Logging API calls").
    fn is(&self, call: &str) -> bool {
        self.call.strip_prefix(call).is_some_and(|version| {
            version
                .chars()
                .all(|char| char.is_ascii_digit() || char == '_')
        })
    }

    /// Whether it names all of these: as they are, as the last part of an ARN or a path, or
    /// as a domain name with its dot.
    fn names(&self, things: &[String]) -> bool {
        things.iter().all(|thing| {
            self.values.iter().any(|value| {
                let value = value.trim_end_matches('.');
                let before = value.strip_suffix(thing.trim_end_matches('.'));
                before.is_some_and(|before| before.is_empty() || before.ends_with(['/', ':']))
            })
        })
    }
}

/// A call that went through; one that was refused changed nothing.
fn event(told: &aws_sdk_cloudtrail::types::Event) -> Option<Event> {
    let detail: serde_json::Value = serde_json::from_str(told.cloud_trail_event()?).ok()?;
    let text = |path: &str| {
        detail
            .pointer(path)
            .and_then(serde_json::Value::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    if detail.get("errorCode").is_some_and(|code| !code.is_null()) {
        return None;
    }
    let sender = text("/userAgent").unwrap_or_default();
    let mut values = Vec::new();
    for part in ["requestParameters", "responseElements", "resources"] {
        collect(detail.get(part), &mut values);
    }
    let resources = told.resources().iter();
    values.extend(resources.filter_map(|of| of.resource_name().map(str::to_owned)));
    let by = text("/userIdentity/arn")
        .or_else(|| text("/userIdentity/invokedBy"))
        .or_else(|| text("/userIdentity/principalId"))
        .or_else(|| told.username().map(str::to_owned))?;
    let console = text("/sessionCredentialFromConsole").as_deref() == Some("true");
    let invoked_by = text("/userIdentity/invokedBy").filter(|service| *service != by);
    Some(Event {
        id: told.event_id().unwrap_or_default().to_owned(),
        call: told.event_name()?.to_owned(),
        by,
        at: Timestamp::from_second(told.event_time()?.secs()).ok()?,
        from: origin(&sender, console, invoked_by.as_deref()),
        address: text("/sourceIPAddress").unwrap_or_default(),
        values,
        ours: sender.contains(MARK),
    })
}

/// From where a call came, by what it says of itself (*CloudTrail user guide*, "Record
/// contents", `sessionCredentialFromConsole` and `userAgent`; "userIdentity element",
/// `invokedBy`).
fn origin(sender: &str, console: bool, invoked_by: Option<&str>) -> Option<String> {
    let known = [
        ("console.amazonaws.com", "the console"),
        ("Mozilla/", "the console"),
        ("Terraform", "Terraform"),
        ("OpenTofu", "OpenTofu"),
        ("pulumi", "Pulumi"),
        ("cloudformation.amazonaws.com", "CloudFormation"),
        ("aws-cli", "the AWS CLI"),
        ("Boto3", "Boto3"),
    ];
    if console {
        return Some("the console".to_owned());
    }
    if let Some(service) = invoked_by {
        return Some(service.to_owned());
    }
    let found = known.iter().find(|(part, _)| sender.contains(part));
    found.map(|(_, name)| (*name).to_owned())
}

/// Every text in a value.
fn collect(value: Option<&serde_json::Value>, into: &mut Vec<String>) {
    match value {
        Some(serde_json::Value::String(text)) => into.push(text.clone()),
        Some(serde_json::Value::Array(items)) => {
            for item in items {
                collect(Some(item), into);
            }
        }
        Some(serde_json::Value::Object(entries)) => {
            for item in entries.values() {
                collect(Some(item), into);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{event, origin};

    fn told(detail: &serde_json::Value) -> aws_sdk_cloudtrail::types::Event {
        aws_sdk_cloudtrail::types::Event::builder()
            .event_id("1")
            .event_name("UpdateDistribution2020_05_31")
            .event_time(aws_smithy_types::DateTime::from_secs(1_764_252_180))
            .cloud_trail_event(detail.to_string())
            .build()
    }

    #[test]
    fn an_event_says_who_and_what() {
        let detail = serde_json::json!({
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::1:user/ann"},
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64)",
            "requestParameters": {"id": "E1", "tags": {"resource": "arn:aws:cloudfront::1:distribution/E2"}},
            "responseElements": {"names": ["shop.example.com."]},
        });
        let event = event(&told(&detail)).unwrap();
        assert_eq!(event.by, "arn:aws:iam::1:user/ann");
        assert_eq!(event.at.to_string(), "2025-11-27T14:03:00Z");
        assert!(event.is("UpdateDistribution"));
        assert!(!event.is("Update"));
        let check = |names: &[&str], expected: bool| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(event.names(&names), expected, "{names:?}");
        };
        check(&["E1"], true);
        check(&["E2", "shop.example.com"], true);
        check(&["E1", "E3"], false);
        check(&["example.com"], false);
    }

    #[test]
    fn a_call_that_was_refused_is_no_change() {
        let detail = serde_json::json!({
            "userIdentity": {"arn": "arn:aws:iam::1:user/ann"}, "errorCode": "AccessDenied",
        });
        assert_eq!(event(&told(&detail)), None);
    }

    #[test]
    fn where_it_came_from() {
        let check = |sender: &str, expected: Option<&str>| {
            assert_eq!(origin(sender, false, None).as_deref(), expected, "{sender}");
        };
        check("aws-cli/2.15.30 Python/3.11.8", Some("the AWS CLI"));
        check("APN/1.0 HashiCorp/1.0 Terraform/1.9.0", Some("Terraform"));
        check("aws-sdk-go/1.50.0", None);
        let service = origin("AWS Internal", false, Some("autoscaling.amazonaws.com"));
        assert_eq!(service.as_deref(), Some("autoscaling.amazonaws.com"));
        assert_eq!(origin("", true, None).as_deref(), Some("the console"));
    }
}
