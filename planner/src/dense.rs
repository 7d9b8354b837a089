//! Dense indices of a kind each, and the tables they index.
//!
//! An index is made by the model that checked what it stands for, and is good for tables of that model's length
//! only. Everything else of this crate goes through these tables, and indexes no slice.

#![cfg_attr(
    not(test),
    expect(
        clippy::indexing_slicing,
        reason = "the one place where indices, which the model made, meet slices"
    )
)]

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// An index of one kind of thing.
pub trait Key: Copy + Eq {
    /// The key of the thing at this place.
    fn from_index(index: usize) -> Self;
    /// The place.
    fn index(self) -> usize;
}

macro_rules! key {
    ($name:ident, $inner:ty, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($inner);

        impl Key for $name {
            fn from_index(index: usize) -> Self {
                Self(index as $inner)
            }

            fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

key!(BrokerIx, u16, "A broker's place in its cluster, in order of ids.");
key!(RackIx, u16, "A rack's place in its cluster, in order of names.");
key!(TopicIx, u32, "A topic's place in its cluster, in order of names.");
key!(
    PartitionIx,
    u32,
    "A partition's place in its cluster, in order of topics and numbers."
);
key!(
    SlotIx,
    u32,
    "A place of one replica in the replica list of its partition."
);

/// A value for each thing of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<K, V> {
    values: Vec<V>,
    key: PhantomData<K>,
}

impl<K: Key, V> Table<K, V> {
    /// An empty table.
    pub fn new() -> Self {
        Self::from(Vec::new())
    }

    /// Adds a thing and says where it is.
    pub fn push(&mut self, value: V) -> K {
        self.values.push(value);
        K::from_index(self.values.len() - 1)
    }

    /// How many things.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = K> + ExactSizeIterator + use<K, V> {
        (0..self.values.len()).map(K::from_index)
    }

    /// Keys with values, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (K, &V)> + ExactSizeIterator {
        self.values
            .iter()
            .enumerate()
            .map(|(at, value)| (K::from_index(at), value))
    }

    /// The values, in order.
    pub fn values(&self) -> &[V] {
        &self.values
    }

    /// The values, to change.
    pub fn values_mut(&mut self) -> &mut [V] {
        &mut self.values
    }

    /// The values from one place up to another.
    pub fn span(&self, from: usize, len: usize) -> &[V] {
        &self.values[from..from + len]
    }

    /// The same, to change.
    pub fn span_mut(&mut self, from: usize, len: usize) -> &mut [V] {
        &mut self.values[from..from + len]
    }

    /// The value, if the key is of this table.
    pub fn lookup(&self, key: K) -> Option<&V> {
        self.values.get(key.index())
    }
}

impl<K: Key, V: Clone> Table<K, V> {
    /// The same value for each of `len` things.
    pub fn filled(len: usize, value: V) -> Self {
        Self::from(vec![value; len])
    }
}

impl<K: Key, V> Default for Table<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> From<Vec<V>> for Table<K, V> {
    fn from(values: Vec<V>) -> Self {
        Self {
            values,
            key: PhantomData,
        }
    }
}

impl<K: Key, V> FromIterator<V> for Table<K, V> {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        Self::from(values.into_iter().collect::<Vec<_>>())
    }
}

impl<K: Key, V> Index<K> for Table<K, V> {
    type Output = V;

    fn index(&self, key: K) -> &V {
        &self.values[key.index()]
    }
}

impl<K: Key, V> IndexMut<K> for Table<K, V> {
    fn index_mut(&mut self, key: K) -> &mut V {
        &mut self.values[key.index()]
    }
}

/// What a broker has of, and a replica takes from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Bytes on disk.
    Disk,
    /// Bytes a second that replicas take in.
    BytesIn,
    /// Replicas.
    Count,
    /// Bytes a second that leaders give out, to consumers and to followers.
    BytesOut,
    /// Partitions led.
    Leaders,
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Disk, Self::BytesIn, Self::Count, Self::BytesOut, Self::Leaders];
    /// Those that each replica takes.
    pub const REPLICA: [Self; 3] = [Self::Disk, Self::BytesIn, Self::Count];
    /// Those that only the leader takes.
    pub const LEADER: [Self; 2] = [Self::BytesOut, Self::Leaders];
}

/// A value for each resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PerResource<V>([V; 5]);

impl<V> PerResource<V> {
    /// The values in the order of [`Resource::ALL`].
    pub const fn new(values: [V; 5]) -> Self {
        Self(values)
    }

    /// A value from each resource.
    pub fn from_fn(value: impl FnMut(Resource) -> V) -> Self {
        Self(Resource::ALL.map(value))
    }
}

impl<V> Index<Resource> for PerResource<V> {
    type Output = V;

    fn index(&self, resource: Resource) -> &V {
        &self.0[resource as usize]
    }
}

impl<V> IndexMut<Resource> for PerResource<V> {
    fn index_mut(&mut self, resource: Resource) -> &mut V {
        &mut self.0[resource as usize]
    }
}
