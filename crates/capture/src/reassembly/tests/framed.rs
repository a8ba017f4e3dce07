//! Traffic whose own bytes say where its messages end.

use super::*;

#[test]
fn the_known_session() {
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
    let out = run(&ops);
    assert_eq!(pairs(&out), [complete(GET, OK), complete(POST, OK), complete(GET, NO_CONTENT)]);
    assert_eq!(others(&out), [""; 0]);
    let found: Vec<_> = transactions(&out).collect();
    assert_eq!(found.iter().map(|t| t.index).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(found.iter().map(|t| t.origins.clone()).collect::<Vec<_>>(), [vec![0], vec![0, 1], vec![1]]);
    assert_eq!((found[1].request.first.seconds, found[1].response.as_ref().unwrap().last.seconds), (3, 6));
}

#[test]
fn answer_is_put_out_when_it_is_complete_and_not_at_the_next_request() {
    for (request, answer) in [
        (GET, OK),
        (GET, NO_CONTENT),
        ("HEAD / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
        (GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"),
        (GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n"),
        (GET, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ] {
        let mut reassembler = Reassembler::new();
        let mut out = Vec::new();
        let records = encode("c", MAX_RECORD_BYTES, &[read(request), Eom, write(answer)]);
        reassembler.push(records[0].clone(), 0, &mut out);
        assert_eq!(pairs(&out), [complete(request, answer)]);
        assert_eq!(reassembler.held_bytes(), 0);
    }
}

#[test]
fn any_split_of_reads_and_writes_gives_the_same() {
    let request = "POST /_bulk HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    for cut in 1..request.len() {
        for answer_cut in [1, 17, OK.len() - 1] {
            let ops = [
                read(&request[..cut]),
                Flush,
                read(&request[cut..]),
                Eom,
                write(&OK[..answer_cut]),
                Flush,
                write(&OK[answer_cut..]),
                Close,
            ];
            let out = run(&ops);
            assert_eq!(pairs(&out), [complete(request, OK)], "cut at {cut}, {answer_cut}");
            assert_eq!(transactions(&out).next().unwrap().origins, [0, 1, 2]);
        }
    }
}

#[test]
fn pipelined_requests_get_their_own_answers() {
    let head = "HEAD / HTTP/1.1\r\n\r\n";
    let head_answer = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n";
    let expected = [complete(GET, NO_CONTENT), complete(head, head_answer), complete(POST, OK)];
    let requests = [GET, head, POST].concat();
    let answers = [NO_CONTENT, head_answer, OK].concat();
    // One mark for each, and a single one for all, as the existing proxy writes it.
    let marked = [read(GET), Eom, read(head), Eom, read(POST), Eom, write(&answers), Close];
    let fused = [read(&requests), Eom, write(&answers), Close];
    let unmarked = [read(&requests), write(&answers), Close];
    for ops in [&marked[..], &fused, &unmarked] {
        let out = run(ops);
        assert_eq!(pairs(&out), expected);
        assert_eq!(transactions(&out).map(|t| t.index).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(others(&out), [""; 0]);
    }
}

#[test]
fn interim_responses_are_kept_apart() {
    let head = "PUT /i/_doc/1 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    let hint = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    let out = run(&[read(head), write(interim), read("hello"), Eom, write(hint), write(OK), Close]);
    assert_eq!(pairs(&out), [complete(&[head, "hello"].concat(), OK)]);
    assert_eq!(transactions(&out).next().unwrap().interim, [interim, hint]);
}

#[test]
fn answer_before_the_end_of_its_request() {
    let head = "PUT /i HTTP/1.1\r\nContent-Length: 5\r\n\r\n";
    let out = run(&[read(head), write(OK), read("hello"), Eom, read(GET), Eom, write(NO_CONTENT), Close]);
    assert_eq!(pairs(&out), [complete(&[head, "hello"].concat(), OK), complete(GET, NO_CONTENT)]);
    // The client gives up after a refusal.
    let out = run(&[read(head), write(OK), read("he"), Close]);
    assert_eq!(
        (pairs(&out), others(&out)),
        (vec![], vec![format!("incomplete {} Closed of [0]", 40 + OK.len())])
    );
}

#[test]
fn answer_until_close_is_complete_at_the_close_only() {
    let answer = "HTTP/1.0 200 OK\r\n\r\nsome";
    let ops = [read(GET), Eom, write(answer), write("thing"), Close];
    let whole = [answer, "thing"].concat();
    assert_eq!(pairs(&run(&ops)), [complete(GET, &whole)]);
    assert_eq!(pairs(&run(&ops[..4])), [(GET.to_owned(), Some(whole), End::StillOpen)]);
}

#[test]
fn cut_off_answers_are_kept_as_such() {
    let part = &OK[..OK.len() - 1];
    for (last, end) in [(Some(Close), End::Closed), (Some(Exception), End::Reset), (None, End::StillOpen)] {
        let ops: Vec<_> = [read(GET), Eom, write(part)].into_iter().chain(last.clone()).collect();
        assert_eq!(pairs(&run(&ops)), [(GET.to_owned(), Some(part.to_owned()), end)]);
        let ops: Vec<_> = [read(GET), Eom].into_iter().chain(last).collect();
        assert_eq!(pairs(&run(&ops)), [(GET.to_owned(), None, end)]);
    }
}

#[test]
fn unfinished_requests_are_reported_and_not_replayed() {
    let part = &POST[..20];
    for (last, end) in [(Some(Close), "Closed"), (Some(Exception), "Reset"), (None, "StillOpen")] {
        let ops: Vec<_> = [read(GET), Eom, write(OK), read(part)].into_iter().chain(last).collect();
        let out = run(&ops);
        assert_eq!(pairs(&out), [complete(GET, OK)]);
        assert_eq!(others(&out), [format!("incomplete 20 {end} of [0]")]);
    }
}

#[test]
fn connection_lives_on_after_an_exception() {
    let out = run(&[read(&POST[..9]), Exception, read(GET), Eom, write(OK), Close]);
    assert_eq!(pairs(&out), [complete(GET, OK)]);
}

#[test]
fn dropped_request_is_forgotten() {
    let ops = [read(GET), Eom, write(OK), read("GE"), Dropped, read(POST), Eom, write(NO_CONTENT), Close];
    let out = run(&ops);
    assert_eq!(pairs(&out), [complete(GET, OK), complete(POST, NO_CONTENT)]);
    assert_eq!(others(&out), [""; 0]);
    assert_eq!(transactions(&out).map(|t| t.index).collect::<Vec<_>>(), [0, 1]);
    // With an unanswered one before it, whose answer is still to come; and with an interim response of its own.
    let expects = "PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    let ops = [
        read(GET),
        Eom,
        write(&OK[..20]),
        read("GE"),
        Dropped,
        write(&OK[20..]),
        read(expects),
        write("HTTP/1.1 100 Cont"),
        Dropped,
        read(POST),
        Eom,
        write(OK),
        Close,
    ];
    assert_eq!(pairs(&run(&ops)), [complete(GET, OK), complete(POST, OK)]);
}

#[test]
fn stray_line_ends_are_no_request() {
    let out =
        run(&[read([POST, "\r\n"].concat()), Eom, write(OK), read(GET), Eom, write(OK), read("\r\n"), Close]);
    assert_eq!(pairs(&out), [complete(POST, OK), complete(&["\r\n", GET].concat(), OK)]);
    assert_eq!(others(&out), [""; 0]);
}

#[test]
fn upgraded_connection_is_opaque_record_by_record() {
    let upgrade = "GET /ws HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    let switched = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    let ops = [
        read(GET),
        Eom,
        write(OK),
        read(upgrade),
        Eom,
        write(switched),
        write("ab"),
        Flush,
        read("12345"),
        Flush,
        read("6"),
        Close,
    ];
    let out = run(&ops);
    assert_eq!(pairs(&out), [complete(GET, OK)]);
    let first = upgrade.len() + switched.len() + 2;
    assert_eq!(
        others(&out),
        [format!("unframed {first} of [0]"), "unframed 5 of [1]".into(), "unframed 1 of [2]".into()]
    );
    // Asked for and not granted, it is HTTP as before.
    let out = run(&[read(upgrade), Eom, write(OK), read(GET), Eom, write(OK), Close]);
    assert_eq!(pairs(&out), [complete(upgrade, OK), complete(GET, OK)]);
}

#[test]
fn connect_is_opaque_when_granted() {
    let connect = "CONNECT a:1 HTTP/1.1\r\n\r\n";
    let granted = "HTTP/1.1 200 OK\r\n\r\n";
    let out = run(&[read(connect), Eom, write(granted), read("xyz"), write("uvw"), Close]);
    assert_eq!(pairs(&out), []);
    assert_eq!(others(&out), [format!("unframed {} of [0]", connect.len() + granted.len() + 6)]);
    let refused = "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n";
    let out = run(&[read(connect), Eom, write(refused), Close]);
    assert_eq!(pairs(&out), [complete(connect, refused)]);
}
