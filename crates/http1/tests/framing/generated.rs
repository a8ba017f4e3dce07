//! Valid conversations of every framing there is: any split gives exactly the events that were generated.

use proptest::{collection::vec, option, prelude::*, sample::select};
use switchover_http1::{BodyKind, RequestKind, ResponseEof, message};

use crate::driver::{self, Head, Seen, Trace};

/// A body as its sender framed it.
#[derive(Debug, Clone)]
struct Body {
    kind: BodyKind,
    framing: Option<String>,
    wire: Vec<u8>,
    plain: Vec<u8>,
}

/// A message on the wire, and its parts.
#[derive(Debug, Clone)]
struct Message {
    head: Vec<u8>,
    interims: Vec<Head>,
    seen: Head,
    body: Body,
}

impl Message {
    fn bytes(&self) -> Vec<u8> {
        let interims = self.interims.iter().flat_map(|head| head.raw.clone());
        interims.chain(self.head.clone()).chain(self.body.wire.clone()).collect()
    }

    fn trace(&self, offset: usize, ends: bool) -> Trace {
        let mut at = offset;
        let mut trace = Trace::new();
        for interim in &self.interims {
            at += interim.raw.len();
            trace.push((at, Seen::Interim(interim.clone())));
        }
        at += self.head.len();
        trace.push((at, Seen::Head(self.seen.clone())));
        if ends {
            trace.push((at + self.body.wire.len(), Seen::End));
        }
        trace
    }
}

fn no_body() -> impl Strategy<Value = Body> {
    Just(Body { kind: BodyKind::None, framing: None, wire: Vec::new(), plain: Vec::new() })
}

fn sized_body() -> impl Strategy<Value = Body> {
    (select(vec!["Content-Length", "content-length", "CONTENT-LENGTH"]), vec(any::<u8>(), 0..40)).prop_map(
        |(name, plain)| Body {
            kind: BodyKind::Length(plain.len() as u64),
            framing: Some(format!("{name}: {}", plain.len())),
            wire: plain.clone(),
            plain,
        },
    )
}

fn chunked_body() -> impl Strategy<Value = Body> {
    let extension = option::of("(;[a-z]{1,3}(=(\"[ a-z;]{0,4}\"|[a-z]{1,3}))?){1,2}");
    let chunk = (vec(any::<u8>(), 1..20), extension.clone(), 0usize..3, any::<bool>());
    let trailers = vec("[A-Z][a-z-]{0,6}: ?[ -~]{0,8}", 0..3);
    let coding = select(vec!["Transfer-Encoding: chunked", "transfer-encoding:CHUNKED \t"]);
    (vec(chunk, 0..4), extension, trailers, coding).prop_map(|(chunks, last, trailers, coding)| {
        let (mut wire, mut plain) = (Vec::new(), Vec::new());
        for (data, extension, zeros, upper) in chunks {
            let size = format!("{}{:x}", "0".repeat(zeros), data.len());
            wire.extend(if upper { size.to_uppercase() } else { size }.bytes());
            wire.extend(extension.unwrap_or_default().bytes());
            wire.extend(b"\r\n");
            wire.extend(&data);
            wire.extend(b"\r\n");
            plain.extend(data);
        }
        wire.extend(format!("0{}\r\n", last.unwrap_or_default()).bytes());
        trailers.iter().for_each(|trailer| wire.extend(format!("{trailer}\r\n").bytes()));
        wire.extend(b"\r\n");
        Body { kind: BodyKind::Chunked, framing: Some(coding.to_owned()), wire, plain }
    })
}

fn until_close_body() -> impl Strategy<Value = Body> {
    vec(any::<u8>(), 0..40).prop_map(|plain| Body {
        kind: BodyKind::UntilClose,
        framing: None,
        wire: plain.clone(),
        plain,
    })
}

fn header() -> impl Strategy<Value = (String, String, String)> {
    ("X-[A-Za-z0-9_.!~-]{0,8}", "[ \t]{0,2}", "([!-~é]([ \t!-~]{0,10}[!-~])?)?")
}

/// Puts a head together, the framing header among the others.
fn assemble(
    leading: usize,
    start: (String, Vec<u8>),
    first_line: Vec<u8>,
    headers: Vec<(String, String, String)>,
    framing: Option<&str>,
    body: BodyKind,
) -> Head {
    let mut lines: Vec<String> =
        headers.iter().map(|(name, blanks, value)| format!("{name}:{blanks}{value}{blanks}")).collect();
    if let Some(framing) = framing {
        lines.insert(lines.len() / 2, framing.to_owned());
    }
    let mut raw = b"\r\n".repeat(leading);
    raw.extend(&first_line);
    raw.extend(b"\r\n");
    lines.iter().for_each(|line| raw.extend(format!("{line}\r\n").bytes()));
    raw.extend(b"\r\n");
    let headers = lines.iter().filter_map(|line| line.split_once(':'));
    let headers =
        headers.map(|(name, value)| (name.to_owned(), value.trim_matches([' ', '\t']).as_bytes().to_vec()));
    Head {
        raw,
        start,
        body,
        first_line_len: first_line.len(),
        headers_len: lines.iter().map(String::len).sum(),
        headers: headers.collect(),
    }
}

fn request() -> impl Strategy<Value = (Message, RequestKind)> {
    let methods = vec!["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "X-PLAIN"];
    let body = prop_oneof![no_body(), sized_body(), chunked_body()];
    (select(methods), "/[!-~é]{0,12}", vec(header(), 0..4), body, 0usize..3, any::<bool>()).prop_map(
        |(method, target, mut headers, body, leading, upgrade)| {
            if upgrade {
                headers.push(("Upgrade".to_owned(), " ".to_owned(), "h2c".to_owned()));
            }
            let line = format!("{method} {target} HTTP/1.1").into_bytes();
            let start = (method.to_owned(), target.into_bytes());
            let seen = assemble(leading, start, line, headers, body.framing.as_deref(), body.kind);
            let kind = RequestKind::new(method, upgrade);
            (Message { head: seen.raw.clone(), interims: Vec::new(), seen, body }, kind)
        },
    )
}

fn interim() -> impl Strategy<Value = Head> {
    (select(vec![100u16, 102, 103, 199]), vec(header(), 0..2)).prop_map(|(status, headers)| {
        let line = format!("HTTP/1.1 {status} Go on").into_bytes();
        assemble(0, (status.to_string(), b"Go on".to_vec()), line, headers, None, BodyKind::None)
    })
}

/// A response to a request of this kind; with a body until the close only if `last`.
fn response(kind: RequestKind, last: bool) -> impl Strategy<Value = Message> {
    let framed = prop_oneof![sized_body(), chunked_body()].boxed();
    let body = if last { prop_oneof![framed, until_close_body()].boxed() } else { framed };
    let statuses = select(vec![200u16, 201, 205, 206, 400, 404, 429, 503, 204, 304]);
    let reason = option::of("[ -~é]{0,12}");
    (statuses, reason, vec(header(), 0..4), body, vec(interim(), 0..3)).prop_map(
        move |(status, reason, headers, mut body, interims)| {
            if matches!(kind, RequestKind::Head | RequestKind::HeadUpgrade) || matches!(status, 204 | 304) {
                // The headers of the body that is not there stay.
                (body.kind, body.wire, body.plain) = (BodyKind::None, Vec::new(), Vec::new());
            }
            let mut line = format!("HTTP/1.1 {status}").into_bytes();
            if let Some(reason) = &reason {
                line.extend(format!(" {reason}").bytes());
            }
            let start = (status.to_string(), reason.unwrap_or_default().into_bytes());
            let seen = assemble(0, start, line, headers, body.framing.as_deref(), body.kind);
            Message { head: seen.raw.clone(), interims, seen, body }
        },
    )
}

type Conversation = (Vec<Message>, Vec<RequestKind>, Vec<Message>);

fn conversation() -> impl Strategy<Value = Conversation> {
    vec(request(), 1..5).prop_flat_map(|requests| {
        let (messages, kinds): (Vec<_>, Vec<_>) = requests.into_iter().unzip();
        let last = kinds.len() - 1;
        let responses: Vec<_> =
            kinds.iter().enumerate().map(|(at, &kind)| response(kind, at == last)).collect();
        (Just(messages), Just(kinds), responses)
    })
}

/// The bytes of both directions of a valid conversation, for others to damage.
pub(crate) fn streams() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let join = |messages: &[Message]| messages.iter().flat_map(Message::bytes).collect();
    conversation().prop_map(move |(requests, _, responses)| (join(&requests), join(&responses)))
}

pub(crate) fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![vec(0usize..4, 0..400), vec(0usize..60, 0..40), vec(Just(1), 2000)]
}

proptest! {
    #[test]
    fn any_split_of_pipelined_requests_gives_their_events((messages, _, _) in conversation(), sizes in sizes()) {
        let (mut stream, mut expected) = (Vec::new(), Trace::new());
        for message in &messages {
            expected.extend(message.trace(stream.len(), true));
            stream.extend(message.bytes());
        }
        prop_assert_eq!(&driver::requests(&driver::pieces(&stream, &sizes)), &expected);
        prop_assert_eq!(&driver::requests(&[&stream]), &expected);
    }

    #[test]
    fn any_split_of_responses_gives_their_events((_, kinds, messages) in conversation(), sizes in sizes()) {
        let (mut stream, mut expected) = (Vec::new(), Trace::new());
        let mut eof = ResponseEof::Clean;
        for message in &messages {
            if message.body.kind == BodyKind::UntilClose {
                eof = ResponseEof::MessageEnd;
            }
            expected.extend(message.trace(stream.len(), eof == ResponseEof::Clean));
            stream.extend(message.bytes());
        }
        let expected = (expected, eof);
        prop_assert_eq!(&driver::responses(&driver::pieces(&stream, &sizes), &kinds), &expected);
        prop_assert_eq!(&driver::responses(&[&stream], &kinds), &expected);
    }

    #[test]
    fn a_whole_message_is_its_head_and_plain_body((requests, kinds, responses) in conversation()) {
        for request in &requests {
            let bytes = request.bytes();
            let (head, body) = message::parse_request(&bytes).unwrap();
            prop_assert_eq!(head.raw, &request.head);
            prop_assert_eq!(&*body, &request.body.plain);
        }
        for (response, &kind) in responses.iter().zip(&kinds) {
            let bytes = response.bytes();
            let (head, body) = message::parse_response(&bytes, kind).unwrap();
            prop_assert_eq!(head.raw, &response.head);
            prop_assert_eq!(&*body, &response.body.plain);
        }
    }

    /// Cut anywhere, a message is incomplete: never whole, never refused.
    #[test]
    fn a_message_cut_short_is_incomplete((requests, kinds, responses) in conversation(), cut in any::<prop::sample::Index>()) {
        let bytes = requests[0].bytes();
        let short = &bytes[..cut.index(bytes.len())];
        prop_assert_eq!(message::parse_request(short).err(), Some(message::MessageError::Incomplete));
        let response = &responses[0];
        if response.body.kind != BodyKind::UntilClose {
            let bytes = response.bytes();
            let short = &bytes[..cut.index(bytes.len())];
            let (trace, eof) = driver::responses(&[short], &kinds);
            prop_assert_eq!(message::parse_response(short, kinds[0]).err(), Some(message::MessageError::Incomplete));
            let between = trace.last().map_or(0, |(at, _)| *at) == short.len()
                && !matches!(trace.last(), Some((_, Seen::Head(_))));
            prop_assert_eq!(eof, if between { ResponseEof::Clean } else { ResponseEof::Truncated });
        }
    }
}
