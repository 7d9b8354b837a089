#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kfleet_fuzz::target("codecs").expect("a target of this name")(bytes));
