//! What is mounted where.

use super::fact::Fact;
use super::root::Root;

/// A mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Where.
    pub(crate) point: String,
    /// The device's numbers, as in 8:1.
    pub(crate) device: String,
    /// The device's name, or what stands for it.
    pub(crate) source: String,
    /// The file system.
    pub(crate) fs_type: String,
    /// Options of the mount and of the file system.
    pub(crate) options: Vec<String>,
}

impl Mount {
    pub(crate) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|known| known == option)
    }

    /// The value of an option such as `data=ordered`.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.options
            .iter()
            .find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
    }
}

/// All mounts.
pub(crate) fn read(root: &Root) -> Fact<Vec<Mount>> {
    let mounts = root.text("proc/self/mountinfo").and_then(|text| {
        let mounts: Vec<Mount> = text.lines().filter_map(mount).collect();
        Fact::parsed("/proc/self/mountinfo", (!mounts.is_empty()).then_some(mounts))
    });
    // Reports of support tools may have only the older file.
    mounts.or(|| {
        root.text("proc/mounts").and_then(|text| {
            let mounts: Vec<Mount> = text.lines().filter_map(old_mount).collect();
            Fact::parsed("/proc/mounts", (!mounts.is_empty()).then_some(mounts))
        })
    })
}

/// The mount a path lies on; the last one at a point hides those before it.
pub(crate) fn of<'a>(mounts: &'a [Mount], path: &str) -> Option<&'a Mount> {
    let holds = |mount: &&Mount| {
        let point = mount.point.trim_end_matches('/');
        path.strip_prefix(point)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    mounts.iter().filter(holds).max_by_key(|mount| mount.point.len())
}

/// A line such as `36 35 98:0 /sub /mnt rw,noatime master:1 - ext3 /dev/root rw,errors=continue`.
fn mount(line: &str) -> Option<Mount> {
    let (own, of_fs) = line.split_once(" - ")?;
    let own: Vec<&str> = own.split(' ').collect();
    let of_fs: Vec<&str> = of_fs.split(' ').collect();
    let options = own.get(5)?.split(',').chain(of_fs.get(2).unwrap_or(&"").split(','));
    Some(Mount {
        device: (*own.get(2)?).to_owned(),
        point: unescape(own.get(4)?),
        fs_type: (*of_fs.first()?).to_owned(),
        source: unescape(of_fs.get(1)?),
        options: options.filter(|option| !option.is_empty()).map(str::to_owned).collect(),
    })
}

/// A line such as `/dev/root /mnt ext3 rw,noatime 0 0`, which does not tell the device's numbers; its name stands for them.
fn old_mount(line: &str) -> Option<Mount> {
    let fields: Vec<&str> = line.split(' ').collect();
    let source = unescape(fields.first()?);
    Some(Mount {
        device: source.clone(),
        source,
        point: unescape(fields.get(1)?),
        fs_type: (*fields.get(2)?).to_owned(),
        options: fields.get(3)?.split(',').map(str::to_owned).collect(),
    })
}

/// Blanks are written as `\040`.
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after
            .get(..3)
            .filter(|_| *first == b'\\')
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_point_counts_and_blanks_are_read() {
        let text = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / /data rw - xfs /dev/sda2 rw,noquota\n\
                    3 2 8:3 / /data/a\\040b rw,noatime - xfs /dev/sda3 rw\ngarbage\n4 1 8:4 / /x\n";
        let mounts: Vec<Mount> = text.lines().filter_map(mount).collect();
        assert_eq!(mounts.len(), 3);
        let device = |path: &str| of(&mounts, path).map(|mount| mount.device.as_str());
        assert_eq!(device("/data/a b/kafka"), Some("8:3"));
        assert_eq!(device("/data/kafka"), Some("8:2"));
        assert_eq!(device("/database"), Some("8:1"));
        assert_eq!(device("relative"), None);
        let old = old_mount("/dev/sda3 /data/a\\040b xfs rw,noatime 0 0").unwrap();
        assert_eq!(
            (old.point.as_str(), old.has("noatime"), old.device.as_str()),
            ("/data/a b", true, "/dev/sda3")
        );
        assert_eq!(old_mount("garbage"), None);
        assert!(of(&mounts, "/data/a b").is_some_and(|mount| mount.has("noatime")));
    }
}
