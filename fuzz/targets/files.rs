#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kfleet_fuzz::target("files").expect("a target of this name")(bytes));
