//! Traffic that can't be framed: the marks of the capturing process are its boundaries.

use super::*;

fn sizes(out: &[Reassembled<usize>]) -> Vec<usize> {
    transactions(out)
        .flat_map(|t| [t.request.bytes.len(), t.response.as_ref().map_or(0, |response| response.bytes.len())])
        .collect()
}

/// The vectors that the existing replayer is tested with; their bytes are no HTTP.
#[test]
fn vectors_of_the_existing_replayer() {
    let x = |n| vec![b'x'; n];
    let easy = [read(x(1024)), Eom, write(x(1024))];
    for max_record_bytes in [MAX_RECORD_BYTES, 1024] {
        let out = reassemble(encode("c", max_record_bytes, &easy));
        assert_eq!(sizes(&out), [1024, 1024], "records of {max_record_bytes}");
    }

    for n in [100, 256, 470, 800] {
        let twice = [read(x(n)), Eom, Flush, write(x(n)), read(x(n + 1)), Eom, write(x(n + 2)), Close];
        let records = encode("c", 512, &twice);
        assert_eq!(sizes(&reassemble(records[1..].to_vec())), [n + 1, n + 2], "{n} bytes, first record lost");
    }

    let out = run(&[read(x(128)), Flush, read(x(128)), Flush, Exception]);
    assert_eq!((sizes(&out), others(&out)), (vec![], vec!["incomplete 256 Reset of [0, 1]".to_owned()]));

    let out = run(&[read(x(32)), Eom, write(x(32)), Flush, read(x(128)), Flush, read(x(64)), Exception]);
    assert_eq!(sizes(&out), [32, 32]);
    assert_eq!(others(&out), ["unframed 192 of [1, 2]"]);
}

#[test]
fn records_are_released_with_what_holds_them() {
    use std::rc::Rc;
    let records = encode(
        "c",
        MAX_RECORD_BYTES,
        &[read("ab"), Flush, read("cd"), Flush, Exception, Flush, read(GET), Close],
    );
    let tokens: Vec<_> = (0..records.len()).map(Rc::new).collect();
    let mut reassembler = Reassembler::new();
    let mut out = Vec::new();
    let held =
        |tokens: &[Rc<usize>]| tokens.iter().map(|token| Rc::strong_count(token) - 1).collect::<Vec<_>>();
    for (record, token) in records.into_iter().zip(&tokens) {
        reassembler.push(record, token.clone(), &mut out);
        match **token {
            1 => assert_eq!(held(&tokens), [1, 1, 0, 0]),
            2 => {
                out.clear();
                assert_eq!(held(&tokens), [0, 0, 0, 0]);
            }
            _ => {}
        }
    }
    drop(out);
    assert_eq!(held(&tokens), [0, 0, 0, 0]);
}

#[test]
fn unframable_request_ends_at_its_mark() {
    let bare = "GET / HTTP/1.1\nHost: a\n\n";
    let twice = "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx";
    let ops = [
        read(GET),
        Eom,
        read(bare),
        Eom,
        write(OK),
        write(OK),
        read(twice),
        Eom,
        write(OK),
        write("more"),
        read(GET),
        Eom,
        write(NO_CONTENT),
        Close,
    ];
    let out = run(&ops);
    assert_eq!(
        pairs(&out),
        [
            complete(GET, OK),
            complete(bare, OK),
            complete(twice, &[OK, "more"].concat()),
            complete(GET, NO_CONTENT),
        ]
    );
    assert_eq!(others(&out), [""; 0]);
}

#[test]
fn unframable_request_without_a_mark_is_unframed() {
    let out = run(&[
        read(GET),
        Eom,
        write(OK),
        read("\x16\x03\x01garbage"),
        Flush,
        read("more"),
        write("?"),
        Close,
    ]);
    assert_eq!(pairs(&out), [complete(GET, OK)]);
    assert_eq!(others(&out), ["unframed 15 of [0, 1]"]);
}

#[test]
fn unframable_answer_ends_at_the_next_read() {
    let odd = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n";
    let ops = [read(GET), Eom, write(odd), Flush, write("ok"), read(POST), Eom, write(OK), Close];
    let odd_whole = [odd, "ok"].concat();
    assert_eq!(pairs(&run(&ops)), [complete(GET, &odd_whole), complete(POST, OK)]);
    // Not when the connection breaks: then it may lack its end.
    let ops = [read(GET), Eom, write(odd), Exception, Close];
    assert_eq!(pairs(&run(&ops)), [(GET.to_owned(), Some(odd.to_owned()), End::Reset)]);
}

#[test]
fn unframable_answers_of_pipelined_requests_are_not_guessed_at() {
    let odd = "HTTP/1.1 200 OK\nContent-Length: 2\n\nok";
    let out =
        run(&[read([GET, POST].concat()), Eom, write(odd), write(odd), read(GET), Eom, write(OK), Close]);
    assert_eq!(
        pairs(&out),
        [(GET.to_owned(), None, End::Lost), (POST.to_owned(), None, End::Lost), complete(GET, OK),]
    );
    assert_eq!(others(&out), [format!("unframed {} of [0]", 2 * odd.len())]);
}

#[test]
fn bytes_from_the_server_without_a_request_are_unframed() {
    let timeout = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";
    let out =
        run(&[write("hello"), read(GET), Eom, write(OK), write("?"), read("PO"), write(timeout), Close]);
    assert_eq!(pairs(&out), [complete(GET, OK)]);
    let unframed = 5 + 1 + timeout.len();
    assert_eq!(
        others(&out),
        ["incomplete 2 Closed of [0]".to_owned(), format!("unframed {unframed} of [0]")]
    );
}

#[test]
fn tunnel_does_not_pile_up() {
    let mut reassembler = Reassembler::new();
    let mut out = Vec::new();
    let megabyte = vec![0; 1 << 20];
    let ops: Vec<_> = std::iter::repeat_n(read(&megabyte), 70).collect();
    let mut unframed = 0;
    for (place, record) in encode("c", MAX_RECORD_BYTES, &ops).into_iter().enumerate() {
        reassembler.push(record, place, &mut out);
        assert!(reassembler.held_bytes() <= 66 << 20);
    }
    reassembler.finish(&mut out);
    for item in &out {
        if let Reassembled::Unframed { bytes, .. } = item {
            unframed += bytes;
        }
    }
    assert_eq!(unframed, 70 << 20);
    assert!(out.len() > 3, "the end of it comes record by record");
}
