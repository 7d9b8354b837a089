//! The voters of a new dynamic quorum: `0@host:port:directory-id,...`

use std::net::Ipv6Addr;

use protocol::Uuid;

use super::java_order;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InitialVoter {
    pub(crate) id: i32,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) directory_id: Uuid,
}

/// Reads a list of voters; complaints are worded as Apache's tool words them.
pub(super) fn parse_voters(list: &str) -> Result<Vec<InitialVoter>, String> {
    let voters = list.split(',').map(str::trim).filter(|item| !item.is_empty());
    let mut voters: Vec<InitialVoter> = voters.map(parse_voter).collect::<Result<_, _>>()?;
    if voters.is_empty() {
        return Err("No voters given.".to_owned());
    }
    voters.sort_by_key(|voter| voter.id);
    if let Some(twice) = voters.windows(2).find(|pair| pair[0].id == pair[1].id) {
        return Err(format!("Node id {} was specified more than once.", twice[0].id));
    }
    // A table of voters, and the copy of it that a set of voters takes.
    java_order::grown(&mut voters, |voter| voter.id);
    java_order::copied(&mut voters, |voter| voter.id);
    Ok(voters)
}

fn parse_voter(text: &str) -> Result<InitialVoter, String> {
    let (id, rest) = text.split_once('@').ok_or("No @ found in dynamic voter string.")?;
    if id.is_empty() {
        return Err("Invalid @ at beginning of dynamic voter string.".to_owned());
    }
    let id: i32 = id
        .parse()
        .map_err(|_| "Failed to parse node id in dynamic voter string.")?;
    if id < 0 {
        return Err(format!("Invalid negative node id {id} in dynamic voter string."));
    }
    if rest.is_empty() {
        return Err("No hostname found after node id.".to_owned());
    }
    let (host, rest) = match rest.strip_prefix('[') {
        Some(bracketed) => bracketed
            .split_once(']')
            .ok_or("Hostname began with left bracket, but no right bracket was found.")?,
        None => {
            let colon = rest.find(':').ok_or("No colon following hostname could be found.")?;
            rest.split_at(colon)
        }
    };
    let rest = rest.strip_prefix(':').ok_or("Port section must start with a colon.")?;
    let (port, directory_id) = rest.split_once(':').ok_or("No colon following port could be found.")?;
    let port: i64 = port
        .parse()
        .map_err(|_| "Failed to parse port in dynamic voter string.")?;
    let port = u16::try_from(port).map_err(|_| format!("Invalid port {port} in dynamic voter string."))?;
    let directory_id = directory_id
        .parse()
        .map_err(|_| "Failed to parse directory ID in dynamic voter string.")?;
    Ok(InitialVoter {
        id,
        host: java_host(host),
        port,
        directory_id,
    })
}

/// A host as Java's `InetSocketAddress` has it after looking at it: the empty one is this machine, and IPv6 addresses
/// are written out.
pub(super) fn java_host(host: &str) -> String {
    if host.is_empty() {
        return "localhost".to_owned();
    }
    match host.parse::<Ipv6Addr>() {
        Ok(address) => match address.to_ipv4_mapped() {
            Some(mapped) => mapped.to_string(),
            None => address.segments().map(|segment| format!("{segment:x}")).join(":"),
        },
        Err(_) => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voters_are_read_and_complaints_are_apaches() {
        let voters = parse_voters("0@a:9093:JEXY6aqzQY-32P5TStzaFg,1@[::1]:9094:MvDxzVmcRsaTz33bUuRU6A").unwrap();
        assert_eq!(
            (voters[1].id, voters[1].host.as_str(), voters[1].port),
            (1, "0:0:0:0:0:0:0:1", 9094)
        );
        let order =
            parse_voters("20@a:1:JEXY6aqzQY-32P5TStzaFg,3@b:1:MvDxzVmcRsaTz33bUuRU6A,16@:1:MvDxzVmcRsaTz33bUuRU6A");
        let order: Vec<(i32, String)> = order.unwrap().into_iter().map(|voter| (voter.id, voter.host)).collect();
        let expected = [(16, "localhost"), (3, "b"), (20, "a")];
        assert_eq!(order, expected.map(|(id, host)| (id, host.to_owned())));
        let cases = [
            ("", "No voters given."),
            ("0", "No @ found in dynamic voter string."),
            ("@a:1:x", "Invalid @ at beginning of dynamic voter string."),
            ("-1@a:1:x", "Invalid negative node id -1 in dynamic voter string."),
            ("0@", "No hostname found after node id."),
            (
                "0@[::1:1:x",
                "Hostname began with left bracket, but no right bracket was found.",
            ),
            ("0@a:99999:x", "Invalid port 99999 in dynamic voter string."),
            ("0@a:1:x", "Failed to parse directory ID in dynamic voter string."),
        ];
        for (text, complaint) in cases {
            assert_eq!(parse_voters(text).unwrap_err(), complaint, "{text}");
        }
    }
}
