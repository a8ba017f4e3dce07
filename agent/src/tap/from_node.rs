//! The node's direction: responses are recorded, and held where their request must be durable first.

use super::{Gate, Outgoing, Tap, is_part_of};
use crate::redaction::Held;
use crate::rules::AckPolicy;
use switchover_http1::{RequestKind, ResponseEvent};
use switchover_rest::secrets::Bodies;

impl Tap {
    /// A chunk from the node; `out` says which parts of it wait for what.
    pub fn from_node(&mut self, chunk: &[u8], out: &mut Outgoing) {
        out.clear();
        let at = self.clock.now();
        let (mut framed, mut recorded, mut sent) = (0, 0, 0);
        let mut mutation_answered = false;
        while !self.tunnel {
            let oldest = self.exchanges.front();
            let (kind, gate) = (oldest.map(|exchange| exchange.kind), oldest.map_or(Gate::Open, |e| e.gate));
            let suppressed = oldest.is_some_and(|exchange| exchange.suppressed) || self.recorder.is_none();
            let within = oldest.filter(|_| !suppressed).and_then(|exchange| match exchange.bodies {
                Bodies::Mixed { within } => Some(within),
                _ => None,
            });
            let (consumed, event) = self.responses.step(chunk.get(framed..).unwrap_or_default(), kind);
            framed += consumed;
            out.chunk(sent..framed, gate);
            sent = framed;
            match event {
                None if suppressed => {
                    recorded = framed;
                    break;
                }
                None => break,
                // Of an exchange that is held the request is not recorded yet, and nothing may come before it.
                Some(ResponseEvent::Interim(_)) if within.is_some() => {
                    self.response_head.begun(at);
                    recorded = framed;
                }
                Some(ResponseEvent::Head(head)) if let Some(within) = within => {
                    let began = self.response_head.begun(at);
                    recorded = framed;
                    let redacted = self.rules.redacted_response(&head);
                    let held = Held::new(began, redacted.as_deref().unwrap_or(head.raw), within);
                    if self
                        .held_request
                        .take_if(|_| {
                            self.reading.as_ref().is_some_and(|reading| reading.number == self.answered)
                        })
                        .is_some()
                    {
                        self.withhold_oldest();
                    } else {
                        self.held_response = Some(held);
                    }
                }
                Some(ResponseEvent::Interim(head) | ResponseEvent::Head(head)) => {
                    let began = self.response_head.begun(at);
                    if suppressed {
                        recorded = framed;
                        continue;
                    }
                    let redacted = self.rules.redacted_response(&head);
                    let whole = is_part_of(head.raw, chunk);
                    if let Some(recorder) = self.recorder.as_mut().filter(|_| redacted.is_some() || !whole) {
                        recorder.write(began, redacted.as_deref().unwrap_or(head.raw));
                        recorded = framed;
                    }
                }
                Some(ResponseEvent::End) => {
                    let rest = chunk.get(recorded..framed).unwrap_or_default();
                    if let Some(held) = &mut self.held_response {
                        held.add(rest);
                        self.record_held_response(kind.unwrap_or(RequestKind::Other));
                    } else if !suppressed {
                        self.record_write(at, rest);
                    }
                    recorded = framed;
                    mutation_answered |= self.exchanges.pop_front().is_some_and(|exchange| exchange.mutating);
                    self.answered += 1;
                }
                Some(ResponseEvent::Tunnel(reason)) => {
                    self.mute_if_secret();
                    self.record_torn_response_head(at, chunk.get(recorded..).unwrap_or_default());
                    recorded = chunk.len();
                    self.enter_tunnel(reason);
                }
            }
        }
        let rest = chunk.get(recorded..).unwrap_or_default();
        if self.tunnel {
            self.record_tunnel_write(at, rest);
        } else if let Some(held) = &mut self.held_response {
            held.add(rest);
        } else if self.responses.in_body() {
            self.record_write(at, rest);
        } else {
            self.response_head.add(at, rest);
        }
        if self.tunnel {
            let gate =
                if self.rules.ack_policy == AckPolicy::Response { self.tunnel_gate } else { Gate::Open };
            out.chunk(sent..chunk.len(), gate);
        }
        // The answer to a mutation holds the id that the cluster chose: it is in the log before the client has it.
        if mutation_answered {
            self.flush();
        } else {
            self.flush_if_large();
        }
        self.counters.node_bytes.add(chunk.len() as u64);
    }
}
