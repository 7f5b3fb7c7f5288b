//! A released binary has no switch that lets it read another clock than the machine's.
//!
//! `scripts/test.sh` builds the program without the feature `test-clock` before the tested one, and keeps it in target/released.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use service_kit_testing::TestClockFile;

use crate::support::both;

/// The program as it is released, but for optimisation: built without features.
fn released() -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("released/vinimay");
    let mend =
        "run the tests by `make test`, or: cargo build --bin vinimay && cp target/debug/vinimay target/released/";
    assert!(path.exists(), "{} is missing; mend: {mend}", path.display());
    path
}

fn holds(program: &Path, text: &str) -> bool {
    let bytes = std::fs::read(program).unwrap();
    memchr::memmem::find(&bytes, text.as_bytes()).is_some()
}

#[test]
fn a_released_program_neither_knows_the_test_clock_nor_reads_its_file() {
    let tested = PathBuf::from(env!("CARGO_BIN_EXE_vinimay"));
    assert!(
        holds(&tested, TestClockFile::VARIABLE),
        "the tested program has the feature, else this test shows nothing"
    );
    let released = released();
    assert!(!holds(&released, TestClockFile::VARIABLE), "the released program holds the variable's name");
    // And it opens no such file, whatever the environment says.
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClockFile::create(folder.path().join("a-clock-nobody-reads.json")).unwrap();
    let opened = |program: &Path| {
        let trace = folder.path().join("trace");
        let config = folder.path().join("anchor.toml");
        let data = folder.path().join("data");
        let _ = std::fs::remove_dir_all(&data);
        std::fs::write(&config, format!("entity = \"https://anchor.localhost:1\"\nlisten = \"127.0.0.1:0\"\nmanagement_listen = \"127.0.0.1:0\"\ndata_dir = {:?}\n", data.display().to_string())).unwrap();
        let run = Command::new("strace")
            .args(["-f", "-e", "trace=openat,open", "-o"])
            .arg(&trace)
            .arg(program)
            .args(["anchor", "init", "--officer", "asha", "--officer", "binod", "--config"])
            .arg(&config)
            .env(TestClockFile::VARIABLE, clock.path())
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", both(&run));
        std::fs::read_to_string(&trace).unwrap().contains("a-clock-nobody-reads")
    };
    assert!(opened(&tested), "the tested program reads the file");
    assert!(!opened(&released), "the released program reads the file");
}
