//! A fault proxy: stands between a client and the sandbox, counts calls by service and operation,
//! and has AWS's bad manners on request.
//!
//! It has a thread of its own, so that tests with and without a runtime may use it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{DATE, HeaderValue};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::{Notify, oneshot};

use super::call::Call;

/// What happens to a call.
#[derive(Clone)]
pub(crate) enum Fault {
    /// It is not sent; this status and error code are answered.
    Error(u16, &'static str),
    /// It is not sent; AWS says that there were too many, in the service's own words.
    Throttle,
    /// It is not sent; the connection breaks.
    DropBefore,
    /// It is carried out; the connection breaks before the answer.
    DropAfter,
    /// The connection breaks; it is carried out when this is told.
    Late(Arc<Notify>),
    /// It is not sent; the answer shows nothing (EC2's lists).
    Unseen,
    /// This is called (it kills the client, say) and the call is not sent.
    CallBefore(Arc<dyn Fn() + Send + Sync>),
    /// The call is carried out, then this is called, and there is no answer.
    CallAfter(Arc<dyn Fn() + Send + Sync>),
    /// The call is carried out and answered; this is called when the client has had
    /// [`A_MOMENT`] to read the answer.
    CallOnceRead(Arc<dyn Fn() + Send + Sync>),
}

/// How long a client on this machine takes at most, nearly always, to read an answer that is
/// on its way.
const A_MOMENT: Duration = Duration::from_millis(5);

/// Which calls a fault is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Those of an operation, `elasticloadbalancing:CreateListener`.
    Operation(&'static str),
    /// The n-th call of all, counted from 1, and those after it.
    Call(usize),
    /// The n-th call that changes something, counted from 1, and those after it.
    Mutation(usize),
}

/// A proxy that runs until it is dropped.
pub(crate) struct Proxy {
    endpoint: String,
    state: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
}

struct Rule {
    when: When,
    fault: Fault,
    times: usize,
}

/// Bad weather: some of all calls go wrong, which ones a seed decides.
struct Storm {
    random: u64,
    percent: u64,
}

impl Storm {
    /// What happens to the next call, if it is hit.
    fn strike(&mut self) -> Option<Fault> {
        // Marsaglia's xorshift.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let faults = [
            Fault::Error(500, "InternalFailure"),
            Fault::Throttle,
            Fault::DropAfter,
        ];
        let [hit, which] = [self.random % 100, (self.random >> 32) % 3];
        let fault = faults.into_iter().nth(usize::try_from(which).unwrap_or(0));
        fault.filter(|_| hit < self.percent)
    }
}

#[derive(Default)]
struct State {
    calls: Vec<String>,
    mutations: usize,
    latency: Duration,
    clock: Option<&'static str>,
    rules: Vec<Rule>,
    storm: Option<Storm>,
    struck: usize,
    in_flight: usize,
    most_in_flight: usize,
    watcher: Option<Watcher>,
    /// Calls that were carried out and changed something.
    changes: usize,
    eye: Option<Eye>,
}

/// Looks at the world at an instant at which AWS carries nothing out. Says whether the client lives
/// on.
type Eye = Arc<dyn Fn(Instant) -> bool + Send + Sync>;

/// A point in the life of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instant {
    /// Counted from 1.
    pub(crate) call: usize,
    pub(crate) moment: Moment,
    /// How many calls have changed something by now.
    pub(crate) changes: usize,
}

/// Where in the life of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before it is sent.
    Before,
    /// After AWS has carried it out, before the answer is read.
    Unread,
    /// After the answer is read.
    Read,
}

impl Moment {
    pub(crate) const ALL: [Self; 3] = [Self::Before, Self::Unread, Self::Read];
}

/// Is told of every call that has changed something, before its answer goes back.
type Watcher = Arc<dyn Fn(&str) + Send + Sync>;

struct Shared {
    upstream: String,
    client: Client<HttpConnector, Full<Bytes>>,
    state: Mutex<State>,
    /// Held by a call that is carried out, where an eye looks: it sees what each one does.
    gate: tokio::sync::Mutex<()>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the eye look. Whether the client lives.
    fn look(&self, eye: &Eye, call: usize, moment: Moment) -> bool {
        let changes = self.lock().changes;
        eye(Instant {
            call,
            moment,
            changes,
        })
    }
}

/// A call that is under way: until it is answered, or its client has gone.
struct UnderWay(Arc<Shared>);

impl UnderWay {
    fn begin(shared: &Arc<Shared>, state: &mut State) -> Self {
        state.in_flight += 1;
        state.most_in_flight = state.most_in_flight.max(state.in_flight);
        Self(Arc::clone(shared))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
    }
}

impl Proxy {
    /// Listens on a free loopback port and forwards to this endpoint.
    pub(crate) fn start(upstream: &str) -> Self {
        let client = Client::builder(TokioExecutor::new());
        let state = Arc::new(Shared {
            upstream: upstream.to_owned(),
            client: client.build_http(),
            state: Mutex::default(),
            gate: tokio::sync::Mutex::default(),
        });
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let endpoint = format!("http://{}", listener.local_addr().expect("a socket"));
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
                tokio::select! {
                    () = serve(listener, shared) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            endpoint,
            state,
            stop: Some(stop),
        }
    }

    /// Where the client is to be sent.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Every call so far, retries included, in order: `acm:RequestCertificate`.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.state.lock().calls.clone()
    }

    /// How many calls of each operation there were.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.calls() {
            *counts.entry(call).or_default() += 1;
        }
        counts
    }

    /// The most calls that were under way at one time.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.state.lock().most_in_flight
    }

    /// Forgets calls and faults.
    pub(crate) fn clear(&self) {
        let mut state = self.state.lock();
        let (latency, in_flight) = (state.latency, state.in_flight);
        let watcher = state.watcher.take();
        *state = State {
            latency,
            in_flight,
            watcher,
            ..State::default()
        };
    }

    /// Delays every call by this much.
    pub(crate) fn latency(&self, latency: Duration) {
        self.state.lock().latency = latency;
    }

    /// Tells of every call that has changed something, by name, before the client hears of it;
    /// all other calls stand still meanwhile.
    pub(crate) fn watch(&self, watcher: impl Fn(&str) + Send + Sync + 'static) {
        self.state.lock().watcher = Some(Arc::new(watcher));
    }

    /// Looks at each [`Moment`] of every call; AWS carries nothing out meanwhile. What the eye says
    /// is whether the client lives on: of one that does not, nothing more is sent.
    pub(crate) fn look(&self, eye: impl Fn(Instant) -> bool + Send + Sync + 'static) {
        self.state.lock().eye = Some(Arc::new(eye));
    }

    /// Waits until no call is under way, and the eye has seen the last.
    pub(crate) fn quiet(&self) {
        while self.state.lock().in_flight > 0 {
            std::thread::sleep(A_MOMENT);
        }
    }

    /// From now on every answer has this date.
    pub(crate) fn clock(&self, date: &'static str) {
        self.state.lock().clock = Some(date);
    }

    /// From now on this many of a hundred calls fail, are throttled, or are carried out and
    /// not answered.
    pub(crate) fn storm(&self, seed: u64, percent: u64) {
        self.state.lock().storm = Some(Storm {
            random: seed,
            percent,
        });
    }

    /// How many calls the weather has hit.
    pub(crate) fn struck(&self) -> usize {
        self.state.lock().struck
    }

    /// Calls that change something, `s3:CreateBucket`, in order.
    pub(crate) fn mutations(&self) -> Vec<String> {
        let reads = ["Describe", "Get", "Head", "List"];
        let mut calls = self.calls();
        calls.retain(|call| {
            let operation = call.split(':').nth(1).unwrap_or_default();
            !reads.iter().any(|verb| operation.starts_with(verb))
        });
        calls
    }

    /// Does this to the next so many of these calls.
    pub(crate) fn fail(&self, when: When, fault: Fault, times: usize) {
        self.state.lock().rules.push(Rule { when, fault, times });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
    }
}

async fn serve(listener: tokio::net::TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).ok();
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| handle(Arc::clone(&shared), request));
            // A broken connection is what a fault is made of.
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
                .ok();
        });
    }
}

/// The connection is to break.
#[derive(Debug, thiserror::Error)]
#[error("broken by the fault proxy")]
struct Broken;

async fn handle(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Broken> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
    let call = Call::of(&parts, &body);
    let (number, under_way, fault, latency) = {
        let mut state = shared.lock();
        state.calls.push(call.name());
        state.mutations += usize::from(call.is_mutation());
        let under_way = UnderWay::begin(&shared, &mut state);
        let fault = take_fault(&mut state, &call);
        (state.calls.len(), under_way, fault, state.latency)
    };
    tokio::time::sleep(latency).await;
    let eye = shared.lock().eye.clone();
    let alone = match &eye {
        Some(_) => Some(shared.gate.lock().await),
        None => None,
    };
    if let Some(eye) = &eye
        && !shared.look(eye, number, Moment::Before)
    {
        return Err(Broken);
    }
    let forward = || {
        forward(
            Arc::clone(&shared),
            call.is_mutation(),
            parts.clone(),
            body.clone(),
        )
    };
    let answer = match fault {
        None => forward().await,
        Some(Fault::Error(status, code)) => Ok(call.refusal(status, code)),
        Some(Fault::Throttle) => Ok(call.throttled()),
        Some(Fault::DropBefore) => Err(Broken),
        Some(Fault::DropAfter) => forward().await.and(Err(Broken)),
        Some(Fault::Late(told)) => {
            let late = forward();
            tokio::spawn(async move {
                told.notified().await;
                late.await.ok();
            });
            Err(Broken)
        }
        Some(Fault::Unseen) => Ok(call.nothing()),
        Some(Fault::CallBefore(callback)) => {
            callback();
            Err(Broken)
        }
        Some(Fault::CallAfter(callback)) => {
            forward().await.ok();
            callback();
            Err(Broken)
        }
        Some(Fault::CallOnceRead(callback)) => {
            let answer = forward().await;
            tokio::spawn(async move {
                tokio::time::sleep(A_MOMENT).await;
                callback();
            });
            answer
        }
    };
    let watcher = shared.lock().watcher.clone();
    if let Some(watcher) = watcher.filter(|_| call.is_mutation()) {
        watcher(&call.name());
    }
    if let Some(eye) = eye {
        shared.look(&eye, number, Moment::Unread);
        drop(alone);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            tokio::time::sleep(A_MOMENT).await;
            let _alone = shared.gate.lock().await;
            shared.look(&eye, number, Moment::Read);
            drop(under_way);
        });
    }
    let clock = shared.lock().clock;
    match (answer, clock) {
        (Ok(mut answer), Some(date)) => {
            let date = HeaderValue::from_static(date);
            answer.headers_mut().insert(DATE, date);
            Ok(answer)
        }
        (answer, _) => answer,
    }
}

/// Has AWS carry a call out.
async fn forward(
    shared: Arc<Shared>,
    is_mutation: bool,
    mut parts: Parts,
    body: Bytes,
) -> Result<Response<Full<Bytes>>, Broken> {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = format!("{}{path}", shared.upstream)
        .parse()
        .unwrap_or(Uri::default());
    let request = Request::from_parts(parts, Full::new(body));
    let (parts, body) = shared
        .client
        .request(request)
        .await
        .map_err(|_| Broken)?
        .into_parts();
    let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
    shared.lock().changes += usize::from(is_mutation);
    Ok(Response::from_parts(parts, Full::new(body)))
}

fn take_fault(state: &mut State, call: &Call) -> Option<Fault> {
    let (calls, mutations) = (state.calls.len(), state.mutations);
    let rule = state.rules.iter_mut().find(|rule| {
        rule.times > 0
            && match rule.when {
                When::Operation(name) => call.name() == name,
                When::Call(n) => calls >= n,
                When::Mutation(n) => call.is_mutation() && mutations >= n,
            }
    });
    if let Some(rule) = rule {
        rule.times -= 1;
        return Some(rule.fault.clone());
    }
    let fault = state.storm.as_mut()?.strike();
    state.struck += usize::from(fault.is_some());
    fault
}
