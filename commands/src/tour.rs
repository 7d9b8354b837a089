//! tour

use std::collections::BTreeMap;
use std::time::Instant;

use clap::Args;
use client::{Client, ClientConfig, OffsetSpec};
use protocol::api::StrBytes;
use protocol::api::TopicName;
use protocol::api::messages::CreateTopicsRequest;
use protocol::api::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};

use crate::consume::{ReadRecord, consume};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::produce::{Codec, Writer};
use crate::sandbox::{Engine, Sandbox, SandboxSpec, Shape};

/// The only one there is.
const NODE: i32 = 1;
const TOPIC: &str = "tour";
const PARTITIONS: i32 = 6;
const RECORDS: usize = 10_000;

/// The main job in one go, on a sandbox: what it did, and what it checked.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet tour")]
pub(crate) struct TourArgs {}

/// Prints steps with the time each took.
struct Steps<'a> {
    context: &'a Context,
    since: Instant,
    number: usize,
}

impl Steps<'_> {
    fn done(&mut self, what: &str) -> Result<(), CommandError> {
        self.number += 1;
        let millis = self.since.elapsed().as_millis();
        self.since = Instant::now();
        self.context
            .out
            .print(&format!("{:>2}. {what} ({millis} ms)\n", self.number))
    }
}

pub(crate) fn run(_: &TourArgs, context: &Context) -> Result<(), CommandError> {
    let mut steps = Steps {
        context,
        since: Instant::now(),
        number: 0,
    };
    let data = tempfile::Builder::new().prefix("kfleet-tour-").tempdir()?;
    let spec = SandboxSpec {
        shape: Shape::SINGLE,
        is_dynamic: false,
        engines: vec![Engine::Kfleet],
        kafka_libs: None,
        data_dir: Some(data.path().to_owned()),
        settings: Vec::new(),
        timeout: context.global.timeout,
    };
    let mut sandbox = Sandbox::start(&spec, &mut |_| Ok(()))?;
    let pid = sandbox.pid(NODE).unwrap_or(0);
    steps.done(&format!(
        "formatted a log directory and started a broker on {} as process {pid}; it serves",
        sandbox.bootstrap()
    ))?;
    block_on(create_topic(sandbox.bootstrap(), context))??;
    steps.done(&format!(
        "created topic {TOPIC} with {PARTITIONS} partitions and retention.ms=3600000; it is there with both"
    ))?;
    let written = records();
    block_on(write(sandbox.bootstrap(), context, &written))??;
    steps.done(&format!("wrote {RECORDS} records with keys, each acknowledged"))?;
    let first = block_on(read(sandbox.bootstrap(), context))??;
    compare(&written, &first)?;
    steps.done(&format!(
        "read them back: {RECORDS} records, none missing, none twice, each key in order"
    ))?;
    let total = block_on(total_offsets(sandbox.bootstrap(), context))??;
    if total != RECORDS as i64 {
        return Err(CommandError::critical(format!(
            "the offsets say {total} records, and {RECORDS} were written"
        )));
    }
    steps.done(&format!(
        "asked for the offsets of all partitions: they add up to {total}"
    ))?;
    sandbox.stop_node(NODE)?;
    sandbox.start_node(NODE)?;
    compare_exactly(&first, &block_on(read(sandbox.bootstrap(), context))??)?;
    steps.done("stopped the broker cleanly and started it again: every record at its offset")?;
    block_on(write(sandbox.bootstrap(), context, &written))??;
    let before = block_on(read(sandbox.bootstrap(), context))??;
    sandbox.kill_node(NODE)?;
    sandbox.start_node(NODE)?;
    compare_exactly(&before, &block_on(read(sandbox.bootstrap(), context))??)?;
    steps.done(&format!(
        "wrote {RECORDS} more, killed the broker with SIGKILL and started it again: nothing acknowledged was lost"
    ))?;
    sandbox.stop()?;
    data.close()?;
    steps.done("stopped the broker and removed everything")?;
    let [critical, unknown, warnings] = crate::host::count_findings();
    steps.done(&format!(
        "audited this host: {critical} critical, {unknown} unknown, {warnings} warnings; kfleet host audit tells which"
    ))
}

fn records() -> Vec<(Option<Vec<u8>>, Vec<u8>)> {
    let record = |index: usize| {
        (
            Some(format!("key-{}", index % 97).into_bytes()),
            format!("value {index}").into_bytes(),
        )
    };
    (0..RECORDS).map(record).collect()
}

async fn connect(bootstrap: &str, context: &Context) -> Result<Client, CommandError> {
    let config = ClientConfig {
        bootstrap: vec![bootstrap.to_owned()],
        client_id: "kfleet-tour".to_owned(),
        limit: client::Limit::Each(context.global.timeout),
    };
    Ok(Client::connect(config).await?)
}

async fn create_topic(bootstrap: &str, context: &Context) -> Result<(), CommandError> {
    let client = connect(bootstrap, context).await?;
    let config = CreatableTopicConfig::default()
        .with_name(StrBytes::from_static_str("retention.ms"))
        .with_value(Some(StrBytes::from_static_str("3600000")));
    let topic = CreatableTopic::default()
        .with_name(TopicName(StrBytes::from_static_str(TOPIC)))
        .with_num_partitions(PARTITIONS)
        .with_replication_factor(1)
        .with_configs(vec![config]);
    let request = CreateTopicsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(5000);
    for result in client.send_any(&request).await?.topics {
        if result.error_code != 0 {
            return Err(
                client::ClientError::rejected(TOPIC, result.error_code, result.error_message.as_deref()).into(),
            );
        }
        let told = result
            .configs
            .into_iter()
            .flatten()
            .find(|config| config.name.as_str() == "retention.ms");
        if told.and_then(|config| config.value).as_deref() != Some("3600000") {
            return Err(CommandError::critical(
                "the new topic does not have the retention it was given",
            ));
        }
    }
    let leaders = client.leaders(&[TOPIC.to_owned()]).await?;
    if leaders.len() == PARTITIONS as usize {
        Ok(())
    } else {
        Err(CommandError::critical(format!(
            "{} of {PARTITIONS} partitions have a leader",
            leaders.len()
        )))
    }
}

async fn write(bootstrap: &str, context: &Context, records: &[(Option<Vec<u8>>, Vec<u8>)]) -> Result<(), CommandError> {
    let client = connect(bootstrap, context).await?;
    Writer::new(&client, TOPIC, None, Codec::None)
        .await?
        .write(records)
        .await
}

async fn read(bootstrap: &str, context: &Context) -> Result<Vec<ReadRecord>, CommandError> {
    let client = connect(bootstrap, context).await?;
    let mut all = Vec::new();
    let mut keep = |records: Vec<ReadRecord>| {
        all.extend(records);
        Ok(true)
    };
    consume(&client, TOPIC, None, None, &mut keep).await?;
    Ok(all)
}

async fn total_offsets(bootstrap: &str, context: &Context) -> Result<i64, CommandError> {
    let client = connect(bootstrap, context).await?;
    let leaders = client.leaders(&[TOPIC.to_owned()]).await?;
    let offsets = client.list_offsets(&leaders, OffsetSpec::Latest).await.into_result()?;
    Ok(offsets.iter().map(|listed| listed.offset).sum())
}

/// Each key's values, in the order in which they lie in its partition.
fn by_key<'a>(
    records: impl Iterator<Item = (Option<&'a [u8]>, Option<&'a [u8]>)>,
) -> BTreeMap<Option<&'a [u8]>, Vec<Option<&'a [u8]>>> {
    let mut out: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (key, value) in records {
        out.entry(key).or_default().push(value);
    }
    out
}

fn compare(written: &[(Option<Vec<u8>>, Vec<u8>)], read: &[ReadRecord]) -> Result<(), CommandError> {
    let written = by_key(
        written
            .iter()
            .map(|(key, value)| (key.as_deref(), Some(value.as_slice()))),
    );
    let read = by_key(
        read.iter()
            .map(|record| (record.key.as_deref(), record.value.as_deref())),
    );
    if written == read {
        Ok(())
    } else {
        Err(CommandError::critical(
            "the records that were read are not those that were written",
        ))
    }
}

fn compare_exactly(before: &[ReadRecord], after: &[ReadRecord]) -> Result<(), CommandError> {
    if before == after {
        Ok(())
    } else {
        let (before, after) = (before.len(), after.len());
        Err(CommandError::critical(format!(
            "{before} records were there before the restart, and {after} after it, or not the same"
        )))
    }
}
