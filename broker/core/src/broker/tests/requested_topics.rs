//! Topics asked of the controller.

use super::*;

#[test]
fn a_topic_is_asked_for_again_once_it_is_forgotten() {
    let lone = Lone::start();
    let asked = || lone.link.0.lock().unwrap().len();
    let name = ["new".to_owned()];
    lone.broker.create_missing_topics(&name);
    lone.broker.create_missing_topics(&name);
    assert_eq!(asked(), 1);
    lone.broker.forget_requested_topics(["another", "new"]);
    lone.broker.create_missing_topics(&name);
    assert_eq!(asked(), 2);
}

#[test]
fn no_more_topics_are_asked_for_at_a_time_than_a_bound() {
    let lone = Lone::start();
    let names: Vec<String> = (0..5000).map(|number| format!("topic-{number}")).collect();
    lone.broker.create_missing_topics(&names);
    let asked = |text: &str| {
        let all = lone.link.0.lock().unwrap();
        all.iter().map(|event| event.matches(text).count()).sum::<usize>()
    };
    assert_eq!(asked("topic-"), 1000);
    lone.broker.forget_requested_topics(["topic-0"]);
    lone.broker
        .create_missing_topics(&["late".to_owned(), "too late".to_owned()]);
    assert_eq!((asked("\"late\""), asked("\"too late\"")), (1, 0));
}
