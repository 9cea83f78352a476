// SPDX-License-Identifier: Apache-2.0
//! Runs the conformance kit on the library that was built beside this test.
use std::{env, path::PathBuf, process::Command};

fn library() -> PathBuf {
    let test = env::current_exe().expect("the path of this test");
    let folder = test.parent().and_then(|deps| deps.parent()).expect("target/<profile>");
    folder.join("lib@NAME@.so")
}

#[test]
fn keeps_the_rules_of_the_abi() {
    let narthex = env::var("NARTHEX").unwrap_or_else(|_| "narthex".into());
    let status = Command::new(&narthex)
        .args(["plugin", "check", "--quiet"])
        .arg(library())
        .status()
        .unwrap_or_else(|error| panic!("cannot run {narthex}: {error}; set NARTHEX to its path"));
    assert!(status.success(), "narthex plugin check found something");
}
