use protocol::api::join_request;
use protocol::api::messages::EnvelopeRequest;
use protocol::api::messages::broker_heartbeat_request::BrokerHeartbeatRequest;

use super::cluster::{SESSION, on, registration};
use super::*;

#[test]
fn whoever_waits_is_sent_elsewhere_when_leadership_is_lost() {
    let mut node = Node::with_brokers(&[1]);
    let request = CreateTopicsRequest::default().with_topics(vec![on("t", &[1])]);
    let (ticket, call) = node.request(7, &request);
    let replies = node.take(|controller, cx| controller.on(Event::Call { ticket, call }, cx).unwrap());
    assert!(replies.is_empty(), "it is not committed");
    assert!(node.controller.latest.topics().by_name("t").is_some());
    let replies = node.take(Controller::resign);
    let response = decoded::<CreateTopicsRequest>(7, ticket, &replies);
    assert_eq!(response.topics[0].error_code, ErrorCode::NotController.code());
    assert!(
        node.controller.latest.topics().is_empty(),
        "what is not committed is dropped"
    );
    let left: Vec<ControllerTimer> = node.timers.keys().copied().collect();
    let of_all = [ControllerTimer::Quorum, ControllerTimer::Snapshots];
    assert_eq!(left, of_all, "the quorum goes on");
}

/// Whoever hands requests on looks at the envelope only.
#[test]
fn of_a_request_in_an_envelope_the_envelope_says_that_leadership_is_lost() {
    let mut node = Node::with_brokers(&[1]);
    let request = CreateTopicsRequest::default().with_topics(vec![on("t", &[1])]);
    let (_, inner) = node.request(7, &request);
    let envelope = EnvelopeRequest::default()
        .with_request_data(join_request(&inner.header, &inner.body))
        .with_client_host_address(Bytes::from_static(&[127, 0, 0, 1]));
    let (ticket, call) = node.request(0, &envelope);
    let replies = node.take(|controller, cx| controller.on(Event::Call { ticket, call }, cx).unwrap());
    assert!(replies.is_empty(), "it is not committed");
    let replies = node.take(Controller::resign);
    let response = decoded::<EnvelopeRequest>(0, ticket, &replies);
    assert_eq!(response.error_code, ErrorCode::NotController.code());
    assert_eq!(node.call(0, &envelope).error_code, ErrorCode::NotController.code());
    node.take(|controller, cx| controller.activate(cx).unwrap());
    let response = node.call(0, &envelope);
    assert!(response.error_code == 0 && response.response_data.is_some());
}

#[test]
fn an_inactive_controller_answers_every_api_with_not_controller() {
    use protocol::api::messages as m;
    let mut node = Node::with_brokers(&[1]);
    node.take(Controller::resign);
    let code = ErrorCode::NotController.code();
    assert_eq!(node.call(4, &registration(1)).error_code, code);
    assert_eq!(node.call(1, &BrokerHeartbeatRequest::default()).error_code, code);
    assert_eq!(node.call(3, &m::AlterPartitionRequest::default()).error_code, code);
    assert_eq!(node.call(0, &m::AllocateProducerIdsRequest::default()).error_code, code);
    assert_eq!(
        node.call(0, &m::AssignReplicasToDirsRequest::default()).error_code,
        code
    );
    assert_eq!(
        node.call(0, &m::ControllerRegistrationRequest::default()).error_code,
        code
    );
    assert_eq!(node.call(0, &m::UnregisterBrokerRequest::default()).error_code, code);
    assert_eq!(node.call(2, &m::UpdateFeaturesRequest::default()).error_code, code);
    assert_eq!(node.call(2, &m::ElectLeadersRequest::default()).error_code, code);
    assert_eq!(
        node.call(1, &m::AlterPartitionReassignmentsRequest::default())
            .error_code,
        code
    );
    assert_eq!(
        node.call(0, &m::ListPartitionReassignmentsRequest::default())
            .error_code,
        code
    );
    let quorum = node.call(2, &m::DescribeQuorumRequest::default());
    assert_eq!(quorum.error_code, ErrorCode::NotLeaderOrFollower.code());
    let resource = m::alter_configs_request::AlterConfigsResource::default();
    let request = m::AlterConfigsRequest::default().with_resources(vec![resource]);
    assert_eq!(node.call(2, &request).responses[0].error_code, code);
    let resource = m::incremental_alter_configs_request::AlterConfigsResource::default();
    let request = m::IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
    assert_eq!(node.call(1, &request).responses[0].error_code, code);
    let more = m::create_partitions_request::CreatePartitionsTopic::default();
    let request = m::CreatePartitionsRequest::default().with_topics(vec![more]);
    assert_eq!(node.call(3, &request).results[0].error_code, code);
    let by_id = DeleteTopicState::default().with_name(None);
    let request = DeleteTopicsRequest::default().with_topics(vec![by_id]);
    assert_eq!(node.call(6, &request).responses[0].error_code, code);
}

#[test]
fn sessions_start_anew_with_a_new_leader() {
    let mut node = Node::with_brokers(&[1, 2]);
    node.wait_beating(SESSION - Duration::from_secs(1), &[1]);
    node.take(Controller::resign);
    node.wait(Duration::from_secs(3600));
    assert!(!node.broker(2).fenced, "nobody fences without leading");
    node.take(|controller, cx| controller.activate(cx).unwrap());
    node.wait_beating(SESSION - Duration::from_secs(1), &[1]);
    assert!(!node.broker(2).fenced);
    node.wait_beating(Duration::from_secs(2), &[1]);
    assert!(node.broker(2).fenced && !node.broker(1).fenced);
}

#[test]
fn an_answer_is_not_ahead_of_what_it_tells() {
    let mut node = Node::with_brokers(&[1]);
    let request = CreateTopicsRequest::default().with_topics(vec![on("t", &[1])]);
    let (first, call) = node.request(7, &request);
    let replies = node.take(|controller, cx| controller.on(Event::Call { ticket: first, call }, cx).unwrap());
    assert!(replies.is_empty());
    let (second, call) = node.request(7, &request);
    let replies = node.take(|controller, cx| controller.on(Event::Call { ticket: second, call }, cx).unwrap());
    assert!(replies.is_empty(), "that the topic exists is not committed yet");
    let replies = node.take(|controller, cx| drop(controller.commit(cx).unwrap()));
    let tickets: Vec<Ticket> = replies.iter().map(|(ticket, _)| *ticket).collect();
    assert_eq!(tickets, [first, second]);
}

/// A leader of a partition that is refused because of what is dropped later would wait for the metadata to tell it why.
#[test]
fn an_answer_is_not_ahead_of_what_the_controller_did_by_itself() {
    let mut node = Node::with_brokers(&[1, 2]);
    node.wait_beating(SESSION - Duration::from_secs(1), &[1]);
    node.now += Duration::from_secs(2);
    let replies = node.take(|controller, cx| controller.on(Event::Timer(ControllerTimer::Sessions), cx).unwrap());
    assert!(replies.is_empty() && node.controller.latest.brokers().get(2).unwrap().fenced);
    let heartbeat = BrokerHeartbeatRequest::default()
        .with_broker_id(1.into())
        .with_broker_epoch(node.broker(1).epoch)
        .with_current_metadata_offset(node.controller.image().offset());
    let (ticket, call) = node.request(1, &heartbeat);
    let replies = node.take(|controller, cx| controller.on(Event::Call { ticket, call }, cx).unwrap());
    assert!(replies.is_empty(), "that broker 2 is fenced is not committed");
    let replies = node.take(Controller::resign);
    let response = decoded::<BrokerHeartbeatRequest>(1, ticket, &replies);
    assert_eq!(response.error_code, ErrorCode::NotController.code());
}
