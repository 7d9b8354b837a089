//! Directories where the right plan is known.

use super::*;

fn dir(path: &str, free: Option<u64>, sizes: &[u64]) -> Dir {
    let replicas = sizes.iter().enumerate();
    Dir {
        path: path.to_owned(),
        free,
        replicas: replicas
            .map(|(at, size)| (((path.to_owned()), at as i32), (*size, true)))
            .collect(),
    }
}

fn loads(dirs: &[Dir], tolerance: f64) -> (Vec<u64>, u64, u64) {
    let limits = Limits::of(dirs, tolerance);
    let steps = spread(dirs.to_vec(), &limits);
    let after = checked(dirs, &steps, &limits).unwrap();
    (
        after.iter().map(Dir::load).collect(),
        bytes_of(dirs, &steps),
        bound(dirs, &after, &limits),
    )
}

#[test]
fn an_empty_directory_gets_its_share_and_no_more_moves_than_must() {
    let dirs = [dir("/a", None, &[10; 10]), dir("/b", None, &[])];
    assert_eq!(loads(&dirs, 0.0), (vec![50, 50], 50, 50));
    // It ends inside the window, and moves no further.
    assert_eq!(loads(&dirs, 0.3), (vec![60, 40], 40, 35));
    let even = [dir("/a", None, &[10, 10]), dir("/b", None, &[19])];
    assert_eq!(loads(&even, 0.09), (vec![20, 19], 0, 0));
}

#[test]
fn a_larger_directory_gets_more_and_a_full_one_nothing() {
    let dirs = [dir("/a", Some(0), &[10; 10]), dir("/b", Some(300), &[])];
    assert_eq!(loads(&dirs, 0.05).0, [30, 70]);
    let full = [dir("/a", Some(900), &[10; 10]), dir("/b", Some(5), &[])];
    assert_eq!(loads(&full, 0.0).1, 0);
}

#[test]
fn what_is_moved_already_and_what_is_to_stay_is_left_alone() {
    let replica = |size_bytes| client::LogDirReplica {
        size_bytes,
        offset_lag: 0,
    };
    let key = |topic: &str, number, is_future| (topic.to_owned(), number, is_future);
    let contents = |path: &str, replicas: BTreeMap<_, _>| LogDirContents {
        dir: client::LogDir {
            path: path.to_owned(),
            error: None,
            total_bytes: None,
            usable_bytes: None,
        },
        replicas,
    };
    let told = [
        contents(
            "/a",
            [
                (key("t", 0, false), replica(50)),
                (key("t", 1, false), replica(50)),
                (key("u", 0, false), replica(50)),
            ]
            .into(),
        ),
        contents("/b", [(key("t", 0, true), replica(20))].into()),
    ];
    let found = dirs(&told, &BTreeSet::from(["t".to_owned()]));
    assert_eq!(found.iter().map(Dir::load).collect::<Vec<_>>(), [100, 20]);
    let limits = Limits::of(&found, 0.0);
    let steps = spread(found, &limits);
    assert_eq!(steps, [(("t".to_owned(), 1), "/b".to_owned())]);
}

#[test]
fn steps_that_are_wrong_are_told() {
    let dirs = [dir("/a", None, &[10, 10]), dir("/b", None, &[])];
    let limits = Limits::of(&dirs, 0.0);
    let told = |steps: &[(i32, &str)]| {
        let steps: Vec<Step> = steps
            .iter()
            .map(|(at, path)| (("/a".to_owned(), *at), (*path).to_owned()))
            .collect();
        checked(&dirs, &steps, &limits).unwrap_err()
    };
    assert_eq!(told(&[(0, "/a")]), "/a-0 is moved to where it is");
    assert_eq!(told(&[(0, "/c")]), "/c is none of the directories");
    assert_eq!(told(&[(7, "/b")]), "/a-7 is in no directory");
    assert_eq!(told(&[(0, "/b"), (0, "/a")]), "/a-0 is to stay, or is moved twice");
    let even = [dir("/a", None, &[10]), dir("/b", None, &[10])];
    let steps = [(("/a".to_owned(), 0), "/b".to_owned())];
    assert_eq!(
        checked(&even, &steps, &Limits::of(&even, 0.0)).unwrap_err(),
        "loads are less even than before"
    );
}
