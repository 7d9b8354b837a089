//! The system's random numbers.

use broker_core::cx::Random;

/// Numbers from the kernel.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        // Reads of up to 256 bytes are neither short nor interrupted once the pool is initialised.
        match rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()) {
            Ok(_) => u64::from_ne_bytes(bytes),
            Err(error) => panic!("the system has no random numbers: {error}"),
        }
    }
}

/// A random id, fit to be generated.
pub fn random_uuid() -> protocol::Uuid {
    protocol::Uuid::generate(|| SystemRandom.next_u128())
}
