//! Workers that share work through an index of a real cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use switchover_cluster::{Cluster, ClusterOptions, Method};
use switchover_coordinate::{
    Board, Claim, Claims, CoordinationError, Desired, DesiredState, Ended, Identity, Lease, MemberState,
    NewItem, Page, Parts, Progress, Said, Subject,
};
use switchover_testkit::faults::{Fault, FaultProxy};
use switchover_testkit::lab::Lab;
use tokio::time::sleep;

/// Short, so that the tests are; far above what a renewal takes.
const LEASE: Duration = Duration::from_secs(4);
/// Workers ask again after this.
const PAUSE: Duration = Duration::from_millis(100);

static SESSIONS: AtomicUsize = AtomicUsize::new(0);

fn session() -> String {
    format!("test-{}-{}", std::process::id(), SESSIONS.fetch_add(1, Ordering::SeqCst))
}

fn cluster(uri: &str) -> Cluster {
    let mut options = ClusterOptions::new(uri);
    options.timeout = Duration::from_secs(2);
    Cluster::connect(options).unwrap()
}

fn subject() -> Subject {
    Subject { from: "repository, snapshot".into(), to: "target".into(), options: String::new() }
}

async fn board(uri: &str) -> Board {
    Board::open(cluster(uri), &session(), &subject()).await.unwrap()
}

fn item(id: &str, phase: u8) -> NewItem<String> {
    NewItem {
        id: id.to_owned(),
        phase,
        group: "index".into(),
        part: None,
        unit: format!("unit of {id}"),
        size: 10,
    }
}

fn claims(board: &Board, worker: &str) -> Claims {
    Claims::with_lease(board.clone(), worker.to_owned(), LEASE)
}

/// Claims until there is work.
async fn work(claims: &mut Claims) -> Lease<String> {
    let limit = Instant::now() + 20 * LEASE;
    loop {
        match claims.claim::<String>().await.unwrap() {
            Claim::Work(lease) => return *lease,
            Claim::Wait { .. } if Instant::now() < limit => sleep(PAUSE).await,
            other => panic!("no work: {other:?}"),
        }
    }
}

fn progress(cursor: u64) -> Progress {
    Progress { cursor, documents: cursor, bytes: cursor, failed_documents: 0, dropped_documents: 0 }
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

#[test]
fn each_item_is_done_once_and_no_phase_begins_before_the_one_before_is_ended() {
    let lab = Lab::opensearch("2.19");
    run(async {
        const WORKERS: usize = 6;
        let board = board(lab.url()).await;
        // The first one posts the others, as a plan does; one of these posts more of its own phase.
        board.post([item("plan", 0)]).await.unwrap();
        let done = std::sync::Mutex::new(Vec::new());
        let one = async |number: usize| {
            let mut claims = claims(&board, &format!("worker-{number}"));
            loop {
                match claims.claim::<String>().await.unwrap() {
                    Claim::Work(lease) => {
                        let id = lease.item.id.clone();
                        assert_eq!(lease.item.unit, format!("unit of {id}"));
                        match id.as_str() {
                            "plan" => {
                                let first = (0..40).map(|number| item(&format!("1-{number}"), 1));
                                board.post(first.chain([item("2-last", 2)])).await.unwrap();
                            }
                            "1-7" => {
                                let more = || (40..80).map(|number| item(&format!("1-{number}"), 1));
                                board.post(more()).await.unwrap();
                                board.post(more()).await.unwrap();
                            }
                            _ => {}
                        }
                        // Before the end, so that what comes after it comes later here as well.
                        done.lock().unwrap().push(id);
                        lease.end(Ended::Done, &progress(10)).await.unwrap();
                    }
                    Claim::Wait { .. } => sleep(PAUSE).await,
                    Claim::Ended { failed, skipped } => return assert_eq!((failed, skipped), (0, 0)),
                    Claim::Empty => panic!("the plan is gone"),
                }
            }
        };
        tokio::join!(one(0), one(1), one(2), one(3), one(4), one(WORKERS - 1));
        let done = done.into_inner().unwrap();
        assert_eq!(done.len(), 82, "{done:?}");
        assert_eq!(done.iter().collect::<BTreeSet<_>>().len(), 82, "{done:?}");
        assert_eq!((done[0].as_str(), done[81].as_str()), ("plan", "2-last"));
        let all = board.overview().await.unwrap().all;
        assert_eq!((all.items, all.open, all.held, all.size, all.bytes), (82, 0, 0, 820, 820));
    });
}

#[test]
fn a_silent_holder_loses_its_item_and_the_next_one_goes_on_where_it_was() {
    let lab = Lab::opensearch("2.19");
    run(async {
        let board = board(lab.url()).await;
        board.post([item("a", 0)]).await.unwrap();
        let mut first = work(&mut claims(&board, "first")).await;
        assert_eq!(first.item.fruitless, 0);
        first.renew(&progress(7)).await.unwrap();
        let mut second = claims(&board, "second");
        // It is not taken while it lives, however long it takes.
        let begun = Instant::now();
        while begun.elapsed() < 2 * LEASE {
            match second.claim::<String>().await.unwrap() {
                Claim::Wait { holders } => assert!(holders.iter().all(|holder| holder.starts_with("first#"))),
                other => panic!("{other:?}"),
            }
            first.renew(&progress(7)).await.unwrap();
            sleep(PAUSE).await;
        }
        let silent = Instant::now();
        let taken = work(&mut second).await;
        assert!(silent.elapsed() >= LEASE - PAUSE, "{:?}", silent.elapsed());
        assert_eq!(taken.item.progress, progress(7));
        let late = first.renew(&progress(9)).await.unwrap_err();
        assert!(matches!(late, CoordinationError::Lost(_)), "{late}");
        let late = first.end(Ended::Done, &progress(10)).await.unwrap_err();
        assert!(late.to_string().contains("lease of a is lost"), "{late}");
        // Without progress it is counted.
        drop(taken);
        let mut third = claims(&board, "third");
        let mut taken = work(&mut third).await;
        assert_eq!((taken.item.progress.cursor, taken.item.fruitless), (7, 1));
        taken.renew(&progress(8)).await.unwrap();
        taken.release(&progress(8), None).await.unwrap();
        board.overview().await.unwrap();
        let given_back = work(&mut third).await;
        assert_eq!((given_back.item.progress.cursor, given_back.item.fruitless), (8, 0));
        given_back.end(Ended::Failed("_3.fdt: damaged".into()), &progress(8)).await.unwrap();
        assert!(matches!(third.claim::<String>().await.unwrap(), Claim::Ended { failed: 1, skipped: 0 }));
        let errors = board.overview().await.unwrap().errors;
        assert_eq!(errors, BTreeMap::from([("a".to_owned(), "_3.fdt: damaged".to_owned())]));
    });
}

#[test]
fn a_network_that_swallows_answers_neither_loses_a_lease_nor_doubles_it() {
    let lab = Lab::opensearch("2.19");
    let proxy = FaultProxy::to(lab.url().trim_start_matches("http://"));
    let through = format!("http://{}", proxy.address);
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(
        async {
            let board = board(&through).await;
            board.post([item("a", 0)]).await.unwrap();
            let mut lease = work(&mut claims(&board, "first")).await;
            for round in 1..6 {
                let cutting = async {
                    sleep(Duration::from_millis(2 * round)).await;
                    proxy.be(Fault::Refusing);
                    proxy.reset();
                    sleep(Duration::from_millis(300)).await;
                    proxy.be(Fault::None);
                };
                let next = progress(round);
                let (renewed, ()) = tokio::join!(lease.renew(&next), cutting);
                renewed.unwrap();
                assert_eq!(lease.item.progress.cursor, round);
            }
            // Gone for longer than the lease: it is given up before others may take it.
            proxy.be(Fault::Refusing);
            proxy.reset();
            let begun = Instant::now();
            let lost = lease.renew(&progress(9)).await.unwrap_err();
            assert!(matches!(lost, CoordinationError::Lost(_)), "{lost}");
            assert!(begun.elapsed() <= LEASE + Duration::from_secs(2), "{:?}", begun.elapsed());
            proxy.be(Fault::None);
        },
    );
}

#[test]
fn a_session_is_about_one_thing() {
    let lab = Lab::opensearch("2.19");
    run(async {
        let (cluster, name) = (cluster(lab.url()), session());
        let open = async |name: &str, subject: &Subject| Board::open(cluster.clone(), name, subject).await;
        let board = open(&name, &subject()).await.unwrap();
        assert!(matches!(claims(&board, "w").claim::<String>().await.unwrap(), Claim::Empty));
        open(&name, &subject()).await.unwrap();
        let other = Subject { from: "repository, another snapshot".into(), ..subject() };
        // A plan that failed binds nobody, one that is made does.
        board.post([item("plan", 0)]).await.unwrap();
        open(&name, &other).await.unwrap();
        let board = open(&name, &subject()).await.unwrap();
        board.post([item("plan", 0), item("shard", 1)]).await.unwrap();
        let refused = open(&name, &other).await.unwrap_err().to_string();
        for part in [board.index(), "another snapshot", "--sessionName"] {
            assert!(refused.contains(part), "{refused}");
        }
        let refused = open("Nightly Run", &subject()).await.unwrap_err().to_string();
        assert!(refused.contains("'Nightly Run'"), "{refused}");
    });
}

#[test]
fn what_is_wanted_and_who_works_is_known_to_all() {
    let lab = Lab::opensearch("2.19");
    run(async {
        let board = board(lab.url()).await;
        assert_eq!(board.desired().await.unwrap(), None);
        let wanted = Desired { state: DesiredState::Pause, scale: Some(3) };
        board.want(wanted).await.unwrap();
        assert_eq!(board.desired().await.unwrap(), Some(wanted));
        let identity = |name: &str| Identity { name: name.to_owned(), pid: 7, ..Identity::default() };
        let mut first = board.register(identity("b")).await.unwrap();
        let second = board.register(identity("a")).await.unwrap();
        assert!(first.registered() < second.registered(), "in the order in which they began");
        let said = Said {
            state: MemberState::Working,
            reason: Some("ü".repeat(10_000)),
            documents: 5,
            ..Said::default()
        };
        first.say(said.clone()).await.unwrap();
        board.refresh().await.unwrap();
        let members = board.members().await.unwrap();
        let names: Vec<_> = members.iter().map(|member| member.identity.name.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!((members[0].said.documents, members[0].registered), (5, first.registered()));
        assert_eq!(members[0].said.reason.as_ref().map(|reason| reason.chars().count()), Some(500));
        // It is not lost when it has said something meanwhile, and comes back when it was only slow.
        let seen = members[0].clone();
        first.say(said.clone()).await.unwrap();
        assert!(!board.note_lost(&seen).await.unwrap());
        let seen = board.member("b").await.unwrap().unwrap();
        assert!(board.note_lost(&seen).await.unwrap());
        board.refresh().await.unwrap();
        assert_eq!(board.members().await.unwrap().len(), 1);
        first.say(said).await.unwrap();
        board.refresh().await.unwrap();
        assert_eq!(board.members().await.unwrap().len(), 2);
        first.say(Said { state: MemberState::Ended, ..Said::default() }).await.unwrap();
        board.refresh().await.unwrap();
        assert_eq!(board.members().await.unwrap().len(), 1);
    });
}

#[test]
fn an_index_that_was_removed_is_not_made_again_by_those_who_come_late() {
    let lab = Lab::opensearch("2.19");
    run(async {
        let board = board(lab.url()).await;
        board.post((0..250).map(|number| item(&format!("{number}"), 0))).await.unwrap();
        let mut member = board.register(Identity { name: "m".into(), ..Identity::default() }).await.unwrap();
        let mut lease = work(&mut claims(&board, "m")).await;
        board.refresh().await.unwrap();
        // All documents, each once: the items, the member and the subject.
        let (mut page, mut ids) = (board.page(&Page::default()).await.unwrap(), BTreeSet::new());
        while !page.documents.is_empty() {
            ids.extend(page.documents.iter().map(|(id, _)| id.clone()));
            page = board.page(&page).await.unwrap();
        }
        assert_eq!((ids.len(), board.documents().await.unwrap()), (252, 252));
        board.remove().await.unwrap();
        board.remove().await.unwrap();
        let gone = |error: CoordinationError| assert!(matches!(error, CoordinationError::Gone(_)), "{error}");
        gone(lease.renew(&progress(1)).await.unwrap_err());
        gone(lease.release(&progress(1), None).await.unwrap_err());
        gone(member.say(Said::default()).await.unwrap_err());
        gone(board.register(Identity::default()).await.unwrap_err());
        gone(board.post([item("late", 0)]).await.unwrap_err());
        gone(board.want(Desired::default()).await.unwrap_err());
        gone(board.overview().await.unwrap_err());
        gone(claims(&board, "late").claim::<String>().await.unwrap_err());
        assert!(!board.exists().await.unwrap());
        assert_eq!(board.desired().await.unwrap(), None);
    });
}

#[test]
fn twelve_thousand_items_of_two_thousand_indices_are_posted_and_summed_up() {
    let lab = Lab::opensearch("2.19");
    run(async {
        let board = board(lab.url()).await;
        let items = || {
            (0..12_000).map(|number| NewItem {
                id: format!("i{number}/ü #?"),
                phase: 1,
                group: format!("index-{}", number % 2000),
                part: Some(number / 2000 % 2),
                unit: number,
                size: 1 << 40,
            })
        };
        board.post(items()).await.unwrap();
        board.post(items()).await.unwrap();
        cluster(lab.url())
            .request(Method::POST, &format!("/{}/_refresh", board.index()), None)
            .await
            .unwrap();
        let overview = board.overview().await.unwrap();
        assert_eq!((overview.all.items, overview.all.open, overview.groups.len()), (12_000, 12_000, 2000));
        assert_eq!(overview.all.size, 12_000 << 40);
        assert_eq!(overview.groups["index-7"].items, 6);
        let parts = Parts { total: 4000, unclaimed: 4000, ..Parts::default() };
        assert_eq!(board.parts().await.unwrap(), parts);
        let mut claims = claims(&board, "w");
        let Claim::Work(mut lease) = claims.claim::<u64>().await.unwrap() else { panic!("no work") };
        lease.renew(&progress(1)).await.unwrap();
    });
}
