#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kfleet_fuzz::target("guard").expect("a target of this name")(bytes));
