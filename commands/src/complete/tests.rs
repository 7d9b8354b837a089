use super::*;

/// What a cluster has, in these tests.
fn made_up(source: Source, words: &[String]) -> Vec<String> {
    let names: &[&str] = match source {
        Source::Topics | Source::TopicParts => &["orders", "orders-eu", "payments", "__consumer_offsets"],
        Source::Groups => &["billing", "my group", "it's \"$HOME\""],
        Source::Brokers => &["1", "2", "10"],
        Source::Profiles => &["dev", "prod"],
        Source::ConfigNames if words.contains(&"topic".to_owned()) => &["orders"],
        Source::ConfigNames => &[],
        Source::ConfigKeys | Source::ConfigPairs | Source::TopicPairs => &["retention.bytes", "retention.ms"],
        Source::Files => unreachable!("files are the shell's"),
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn of_line(line: &str) -> Proposed {
    proposed(&words::split(line, Dialect::Bash).words, made_up)
}

#[track_caller]
fn check(line: &str, expected: &[&str]) {
    let words: Vec<String> = of_line(line).words.into_iter().map(|(word, _)| word).collect();
    assert_eq!(words, expected, "{line}");
}

#[test]
fn names_of_a_cluster_stand_where_they_are_meant() {
    check("kfleet topics describe or", &["orders", "orders-eu"]);
    check("kfleet topics describe orders p", &["payments"]);
    check("kfleet topics describe nothing-like-it", &[]);
    check("kfleet -b localhost:9092 topics delete ord", &["orders", "orders-eu"]);
    check(
        "kfleet topics describe ",
        &["orders", "orders-eu", "payments", "__consumer_offsets"],
    );
    check("kfleet groups describe b", &["billing"]);
    check("kfleet groups describe \"my", &["my group"]);
    check("kfleet offsets copy billing my\\ ", &["my group"]);
    check("kfleet consume orders --group bi", &["billing"]);
    check("kfleet consume orders -G bi", &["billing"]);
    check("kfleet check lag --topic=pay", &["--topic=payments"]);
    check("kfleet log-dirs describe --brokers 1,1", &["1,1", "1,10"]);
    check("kfleet log-dirs describe --topics orders,pay", &["orders,payments"]);
    check("kfleet cluster unregister 1", &["1", "10"]);
    check("kfleet --profile p", &["prod"]);
    check("kfleet topics list --profile ", &["dev", "prod"]);
}

#[test]
fn what_has_more_behind_it_is_not_complete() {
    check("kfleet offsets set billing pay", &["payments:"]);
    check("kfleet offsets set billing payments:", &[]);
    check(
        "kfleet configs set topic orders --set ret",
        &["retention.bytes=", "retention.ms="],
    );
    check("kfleet configs set topic orders --set retention.ms=", &[]);
    check("kfleet configs unset topic orders --key retention.m", &["retention.ms"]);
    check("kfleet topics create new --config retention.m", &["retention.ms="]);
}

#[test]
fn types_come_before_names() {
    check("kfleet configs describe top", &["topic"]);
    check("kfleet configs describe topic o", &["orders"]);
    // These have no names.
    let flags = of_line("kfleet configs describe broker-defaults ").words;
    assert!(!flags.is_empty() && flags.iter().all(|(word, _)| word.starts_with('-')));
}

#[test]
fn commands_and_flags_are_proposed_and_what_is_hidden_is_not() {
    check("kfleet qu", &["quorum", "quotas"]);
    check("kfleet quorum sta", &["status"]);
    check(
        "kfleet topics describe --under",
        &["--under-replicated", "--under-min-isr"],
    );
    check("kfleet topics describe -o js", &["json"]);
    check("kfleet -ojs", &["-ojson"]);
    let all = of_line("kfleet ").words;
    assert!(
        all.iter()
            .any(|(word, help)| word == "topics" && help.as_deref() == Some("Topics"))
    );
    assert!(
        !all.iter()
            .any(|(word, _)| word == "launch" || word == "complete" || word.starts_with('-'))
    );
    // Where nothing else can stand, flags do.
    assert!(
        of_line("kfleet quorum status ")
            .words
            .iter()
            .any(|(word, _)| word == "--output")
    );
}

#[test]
fn files_are_left_to_the_shell() {
    for line in [
        "kfleet --command-config cl",
        "kfleet topics list --command-config=cl",
        "kfleet logs dump ",
        "kfleet broker run -c ",
        "kfleet offsets restore ",
    ] {
        let proposed = of_line(line);
        assert_eq!((proposed.files, proposed.words), (true, Vec::new()), "{line}");
    }
    assert!(!of_line("kfleet topics describe or").files);
}

#[test]
fn odd_lines_have_no_proposals_and_no_panic() {
    for line in [
        "",
        "kfleet",
        "kfleet -- ",
        "kfleet nope ",
        "kfleet topics describe -- ",
        "kfleet --topic -- x",
        "kfleet -b",
    ] {
        let _any = of_line(line);
    }
    assert_eq!(proposed(&[], made_up), Proposed::default());
}

#[test]
fn answers_are_as_shells_read_them() {
    let line = "kfleet groups describe ";
    let proposed = of_line(line);
    let bash = answer(Shell::Bash, &proposed, "", "");
    assert_eq!(bash, "words\nbilling\nmy\\ group\nit\\'s\\ \\\"\\$HOME\\\"\n");
    let fish = answer(Shell::Fish, &proposed, "", "");
    assert_eq!(fish, "words\nbilling\nmy group\nit's \"$HOME\"\n");
    // bash takes what stands before a = or a : for another word.
    let after_equals = of_line("kfleet check lag --topic=pay");
    assert_eq!(
        answer(Shell::Bash, &after_equals, "--topic=pay", "pay"),
        "words\npayments\n"
    );
    assert_eq!(answer(Shell::Zsh, &after_equals, "", ""), "words\n--topic=payments\n");
    let help = of_line("kfleet quorum st");
    assert!(answer(Shell::Zsh, &help, "", "").starts_with("words\nstatus\t"));
    assert_eq!(answer(Shell::Bash, &help, "st", "st"), "words\nstatus\n");
}
