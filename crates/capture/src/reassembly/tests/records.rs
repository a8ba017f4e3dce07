//! Records that come twice, not at all, or of several connections at once.

use super::*;

fn push_all(reassembler: &mut Reassembler<usize>, records: &[TrafficStream]) -> Vec<Reassembled<usize>> {
    let mut out = Vec::new();
    for (place, record) in records.iter().enumerate() {
        reassembler.push(record.clone(), place, &mut out);
    }
    out
}

fn three_records() -> Vec<TrafficStream> {
    encode(
        "c",
        MAX_RECORD_BYTES,
        &[
            read(GET),
            Eom,
            Flush,
            write(OK),
            read(&POST[..9]),
            Flush,
            read(&POST[9..]),
            Eom,
            write(NO_CONTENT),
            Close,
        ],
    )
}

#[test]
fn every_record_twice_in_a_row_or_at_the_end() {
    let records = three_records();
    let doubled: Vec<_> = records.iter().flat_map(|record| [record.clone(), record.clone()]).collect();
    let out = reassemble(doubled);
    assert_eq!(pairs(&out), [complete(GET, OK), complete(POST, NO_CONTENT)]);
    assert_eq!(others(&out), ["duplicate 1", "duplicate 2", "duplicate 3"]);

    let mut reassembler = Reassembler::new();
    push_all(&mut reassembler, &records);
    assert_eq!(reassembler.open_connections(), 0);
    let again = push_all(&mut reassembler, &records);
    assert_eq!(others(&again), ["duplicate 1", "duplicate 2", "duplicate 3"]);
    assert_eq!((again.len(), reassembler.open_connections()), (3, 0));
}

#[test]
fn missing_record_in_the_middle_ends_what_was_open() {
    let mut records = three_records();
    records.remove(1);
    let out = reassemble(records);
    // Record 3 begins inside a request, which is passed over with its answer.
    assert_eq!(pairs(&out), [(GET.to_owned(), None, End::Lost)]);
    let rest = POST.len() - 9 + NO_CONTENT.len();
    assert_eq!(others(&out), ["gap 2 3".to_owned(), format!("unframed {rest} of [1]")]);
}

#[test]
fn first_record_missing_skips_to_the_next_request_and_counts_on() {
    let ops = [
        read(GET),
        Eom,
        write(OK),
        read(POST),
        Eom,
        Flush,
        write(OK),
        read(GET),
        Eom,
        write(NO_CONTENT),
        Close,
    ];
    let out = reassemble(encode("c", MAX_RECORD_BYTES, &ops).split_off(1));
    assert_eq!(pairs(&out), [complete(GET, NO_CONTENT)]);
    assert_eq!(transactions(&out).next().unwrap().index, 2);
    assert_eq!(others(&out), ["gap 1 2".to_owned(), format!("unframed {} of [0]", OK.len())]);
}

#[test]
fn unterminated_flag_that_is_false_is_not_taken_for_true() {
    let mut records =
        encode("c", MAX_RECORD_BYTES, &[read(GET), Eom, Flush, read(POST), Eom, write(OK), Close]);
    records[1].last_observation_was_unterminated_read = Some(false);
    let out = reassemble(records.split_off(1));
    assert_eq!(pairs(&out), [complete(POST, OK)]);
    assert_eq!(transactions(&out).next().unwrap().index, 1);
}

#[test]
fn same_connection_id_on_two_nodes_is_two_connections() {
    let records =
        encode("c", MAX_RECORD_BYTES, &[read(&GET[..10]), Flush, read(&GET[10..]), Eom, write(OK), Close]);
    let mut other =
        encode("c", MAX_RECORD_BYTES, &[read(&POST[..10]), Flush, read(&POST[10..]), Eom, write(OK), Close]);
    other.iter_mut().for_each(|record| record.node_id = "m".into());
    let interleaved = vec![records[0].clone(), other[0].clone(), other[1].clone(), records[1].clone()];
    let out = reassemble(interleaved);
    assert_eq!(pairs(&out), [complete(POST, OK), complete(GET, OK)]);
    assert_eq!(others(&out), [""; 0]);
    let closed = out.iter().filter(|item| matches!(item, Reassembled::ConnectionClosed { .. })).count();
    assert_eq!(closed, 2);
}

#[test]
fn silent_connections_expire_and_may_come_back() {
    let mut reassembler = Reassembler::new();
    let records = encode(
        "c",
        MAX_RECORD_BYTES,
        &[read(GET), Eom, write(&OK[..9]), Flush, write(&OK[9..]), read(POST), Eom, write(OK), Close],
    );
    let mut out = push_all(&mut reassembler, &records[..1]);
    let last_seen = Timestamp { seconds: 2, nanos: 0 };
    reassembler.expire(last_seen, &mut out);
    assert_eq!((out.len(), reassembler.open_connections()), (0, 1));
    reassembler.expire(Timestamp { nanos: 1, ..last_seen }, &mut out);
    assert_eq!(pairs(&out), [(GET.to_owned(), Some(OK[..9].to_owned()), End::Expired)]);
    assert!(matches!(&out[1], Reassembled::ConnectionClosed { at, .. } if *at == last_seen));

    let mut out = Vec::new();
    reassembler.push(records[0].clone(), 0, &mut out);
    reassembler.push(records[1].clone(), 1, &mut out);
    assert_eq!(pairs(&out), [complete(POST, OK)]);
    assert_eq!(transactions(&out).next().unwrap().index, 1);
    assert_eq!(others(&out), ["duplicate 1".to_owned(), format!("unframed {} of [1]", OK.len() - 9)]);
}

#[test]
fn last_record_without_a_close_ends_the_connection() {
    let mut records = encode("c", MAX_RECORD_BYTES, &[read(GET), Eom, write(OK), Close]);
    records[0].sub_stream.pop();
    let mut reassembler = Reassembler::new();
    let out = push_all(&mut reassembler, &records);
    assert_eq!(pairs(&out), [complete(GET, OK)]);
    assert_eq!(reassembler.open_connections(), 0);
}

#[test]
fn too_many_unanswered_requests_give_the_connection_up() {
    let requests = GET.repeat(MAX_UNANSWERED_REQUESTS + 1);
    let out = run(&[read(&requests), write(OK), Close]);
    assert_eq!(pairs(&out), []);
    assert_eq!(others(&out), [format!("unframed {} of [0]", requests.len() + OK.len())]);
    let requests = GET.repeat(MAX_UNANSWERED_REQUESTS);
    let answers = OK.repeat(MAX_UNANSWERED_REQUESTS);
    assert_eq!(pairs(&run(&[read(&requests), write(&answers), Close])).len(), MAX_UNANSWERED_REQUESTS);
}
