//! The agents on the source's nodes: whether all that clients write is captured.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use switchover_cluster::{Cluster, ClusterOptions, Method};

use super::nodes::{self, Node};
use super::phase::{Phase, Summary};
use super::state::State;
use crate::services::Services;

/// Of one question to one agent.
const AGENT_TIMEOUT: Duration = Duration::from_secs(5);
/// Where there is no earlier answer, a rate is measured over so long.
const RATE_WINDOW: Duration = Duration::from_secs(1);
/// Gaps of one agent that are kept; all are counted.
const MAX_GAPS: usize = 20;

/// All that are listed, and what they leave open.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Agents {
    pub(crate) agents: Vec<Agent>,
    /// Nodes of the source that serve HTTP and have no agent listed.
    pub(crate) uncovered: Vec<Node>,
    /// Gaps that are no part of the snapshot, or may be none.
    pub(crate) gaps_that_matter: u64,
}

/// One agent.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Agent {
    /// As in the services file.
    pub(crate) address: String,
    /// In its own word; `noAnswer` where there is none.
    pub(crate) state: String,
    /// Why it is not `capturing`.
    pub(crate) reason: Option<String>,
    pub(crate) node: Option<String>,
    pub(crate) requests_per_second: Option<f64>,
    pub(crate) captured_requests: Option<u64>,
    /// In its log and not with Kafka yet.
    pub(crate) held_requests: Option<u64>,
    pub(crate) held_bytes: Option<u64>,
    pub(crate) lost_requests: Option<u64>,
    pub(crate) open_connections: Option<u64>,
    pub(crate) blocked_connections: Option<u64>,
    pub(crate) gap_count: Option<u64>,
    /// The last ones.
    pub(crate) gaps: Vec<Gap>,
}

/// Traffic that passed uncaptured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Gap {
    #[serde(rename(deserialize = "from"))]
    pub(crate) from_unix_ms: u64,
    #[serde(rename(deserialize = "to"))]
    pub(crate) to_unix_ms: u64,
    pub(crate) requests: u64,
    pub(crate) reason: String,
}

/// `/status` of an agent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    state: String,
    reason: Option<String>,
    node_id: String,
    captured: Tally,
    held: Tally,
    lost: Tally,
    gaps: Vec<Gap>,
    connections: Connections,
}

#[derive(Debug, Deserialize)]
struct Tally {
    requests: u64,
    bytes: u64,
}

#[derive(Debug, Deserialize)]
struct Connections {
    open: u64,
    blocked: u64,
}

/// What was captured at earlier looks, by address.
pub(crate) type Seen = HashMap<String, (Instant, u64)>;

/// Asks all of them at once.
pub(super) async fn ask(services: &Services, seen: &Seen) -> (Phase<Agents>, Seen) {
    let addresses = services.agents();
    if addresses.is_empty() {
        let how = "list the agents' admin addresses in the services file (agents: [http://node-1:9199])";
        return (Phase::not_in_use(how), Seen::new());
    }
    let each = addresses.iter().map(|address| one(address, seen.get(address).copied()));
    let (answers, nodes) = tokio::join!(futures_util::future::join_all(each), nodes::serving_http(services));
    let (agents, looks): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
    let seen = looks.into_iter().flatten().collect();
    let uncovered = nodes.as_ref().map(|nodes| nodes::uncovered(nodes, &agents)).unwrap_or_default();
    let unasked = nodes.err().map(|error| format!("which nodes clients can reach: {error}"));
    (phase(Agents { agents, uncovered, gaps_that_matter: 0 }, unasked), seen)
}

type Look = (String, (Instant, u64));

async fn one(address: &str, before: Option<(Instant, u64)>) -> (Agent, Option<Look>) {
    let answered = async {
        let options = ClusterOptions { timeout: AGENT_TIMEOUT, ..ClusterOptions::new(address) };
        let agent = Cluster::connect(options)?;
        let ask = async || -> Result<(Instant, Said), switchover_cluster::ClusterError> {
            let response = agent.request(Method::GET, "/status", None).await?.success()?;
            Ok((Instant::now(), response.json()?))
        };
        let (before, now) = match before {
            Some(before) => (before, ask().await?),
            None => {
                let (at, said) = ask().await?;
                tokio::time::sleep(RATE_WINDOW).await;
                ((at, said.captured.requests), ask().await?)
            }
        };
        Ok::<_, switchover_cluster::ClusterError>((before, now))
    };
    match answered.await {
        Ok((before, (at, said))) => {
            let look = (address.to_owned(), (at, said.captured.requests));
            (Agent::of(address, said, rate(before, look.1)), Some(look))
        }
        Err(error) => {
            let reason = Some(error.to_string());
            let state = NO_ANSWER.to_owned();
            (Agent { address: address.to_owned(), state, reason, ..Agent::default() }, None)
        }
    }
}

/// The state of an agent that did not say its own.
pub(crate) const NO_ANSWER: &str = "noAnswer";

/// Requests a second; none where the process is another one than before.
#[expect(clippy::cast_precision_loss, reason = "a rate is rounded")]
fn rate((before, requests_before): (Instant, u64), (now, requests): (Instant, u64)) -> Option<f64> {
    let seconds = now.checked_duration_since(before)?.as_secs_f64();
    let requests = requests.checked_sub(requests_before)?;
    (seconds > 0.0).then(|| requests as f64 / seconds)
}

impl Agent {
    fn of(address: &str, mut said: Said, requests_per_second: Option<f64>) -> Self {
        let gap_count = said.gaps.len();
        let gaps = said.gaps.split_off(gap_count.saturating_sub(MAX_GAPS));
        Self {
            address: address.to_owned(),
            state: said.state,
            reason: said.reason,
            node: Some(said.node_id),
            requests_per_second,
            captured_requests: Some(said.captured.requests),
            held_requests: Some(said.held.requests),
            held_bytes: Some(said.held.bytes),
            lost_requests: Some(said.lost.requests),
            open_connections: Some(said.connections.open),
            blocked_connections: Some(said.connections.blocked),
            gap_count: Some(gap_count as u64),
            gaps,
        }
    }

    /// For a message.
    fn name(&self) -> &str {
        self.node.as_deref().unwrap_or(&self.address)
    }
}

/// `unasked`: what could not be learnt beside the agents.
fn phase(agents: Agents, unasked: Option<String>) -> Phase<Agents> {
    let silent = agents.agents.iter().find(|agent| agent.state == NO_ANSWER);
    let unwell = agents.agents.iter().find(|agent| agent.state != NO_ANSWER && agent.state != "capturing");
    let told = |agent: &Agent| {
        let reason = agent.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{} is {}{reason}", agent.name(), agent.state)
    };
    let state = match (silent, unwell, unasked) {
        (Some(agent), ..) => State::Unknown(
            agent.reason.clone().unwrap_or_else(|| format!("{} does not answer", agent.name())),
        ),
        (None, _, Some(reason)) => State::Unknown(reason),
        (None, Some(agent), None) => State::Blocked(told(agent)),
        (None, None, None) => State::Running,
    };
    let mut summary = Summary::new(state);
    if !agents.uncovered.is_empty() {
        let names: Vec<_> = agents.uncovered.iter().map(Node::told).collect();
        let advice = "what clients write there is not captured";
        summary.fact("nodes without an agent", format!("{}: {advice}", names.join(", ")));
    }
    Phase { summary, details: Some(agents) }
}

impl Phase<Agents> {
    /// What was not captured after the snapshot began (`since_unix_ms`; `None`: not known) is lost for the target.
    pub(super) fn judge_gaps(&mut self, since_unix_ms: Option<u64>) {
        let Some(agents) = &mut self.details else { return };
        let since = since_unix_ms.unwrap_or(0);
        let mut matter = 0;
        for agent in &agents.agents {
            let listed = agent.gaps.iter().filter(|gap| gap.to_unix_ms >= since).count() as u64;
            // Those that are not kept are older than those that are: they count when all of these do.
            let unlisted = agent.gap_count.unwrap_or(0).saturating_sub(agent.gaps.len() as u64);
            let all_matter = listed == agent.gaps.len() as u64;
            matter += listed + if all_matter && since < u64::MAX { unlisted } else { 0 };
        }
        agents.gaps_that_matter = matter;
        if matter > 0 && !matches!(self.summary.state, State::Unknown(_) | State::Blocked(_)) {
            let reason = format!(
                "{matter} gaps: writes passed uncaptured that neither snapshot nor replay brings to the target; take a new snapshot and load it"
            );
            self.summary.state = State::Blocked(reason);
        }
    }
}

#[cfg(test)]
mod tests;
