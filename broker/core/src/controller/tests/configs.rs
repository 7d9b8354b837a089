use super::*;

#[test]
fn list_values_are_appended_to_and_subtracted_from() {
    use protocol::api::messages::IncrementalAlterConfigsRequest;
    use protocol::api::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
    let mut node = Node::start(SimDisk::default());
    node.create(topic("t", 1, 1));
    let mut alter = |changes: &[(&str, i8, &str)]| {
        let configs = changes.iter().map(|(name, operation, value)| {
            AlterableConfig::default()
                .with_name(StrBytes::from_string((*name).to_owned()))
                .with_config_operation(*operation)
                .with_value(Some(StrBytes::from_string((*value).to_owned())))
        });
        let resource = AlterConfigsResource::default()
            .with_resource_type(2)
            .with_resource_name("t".into())
            .with_configs(configs.collect());
        let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
        let code = node.call(1, &request).responses[0].error_code;
        let values = node
            .controller
            .image()
            .config(crate::image::ResourceType::Topic, "t")
            .cloned();
        (code, values.and_then(|values| values.get("cleanup.policy").cloned()))
    };
    const SET: i8 = 0;
    const APPEND: i8 = 2;
    const SUBTRACT: i8 = 3;
    let value = |text: &str| Some(text.to_owned());
    let invalid = ErrorCode::InvalidRequest.code();
    assert_eq!(
        alter(&[("cleanup.policy", APPEND, "compact")]),
        (0, value("delete,compact"))
    );
    assert_eq!(
        alter(&[("cleanup.policy", APPEND, "compact")]),
        (0, value("delete,compact"))
    );
    assert_eq!(alter(&[("cleanup.policy", SUBTRACT, "delete")]), (0, value("compact")));
    assert_eq!(
        alter(&[("retention.ms", APPEND, "1")]).0,
        ErrorCode::InvalidConfig.code()
    );
    let twice = [("cleanup.policy", SET, "delete"), ("cleanup.policy", APPEND, "compact")];
    assert_eq!(alter(&twice), (invalid, value("compact")));
}
