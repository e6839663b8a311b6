//! The committed code is what the committed `.proto` generates, without `protoc`.
//!
//! After a change of the `.proto`, and before the conversions use it, since the crate must compile for
//! this test to run, write the code anew:
//!
//! ```text
//! STRANDED_WRITE_GENERATED=1 cargo test -p stranded-proto --test generated
//! ```

use std::fs;
use std::path::Path;

use protox::prost::Message as _;

const PROTO: &str = "stranded/v1/inspector.proto";
const CODE: &str = "stranded.v1.rs";
const DESCRIPTORS: &str = "stranded.v1.bin";

#[test]
fn the_committed_code_is_what_the_proto_file_generates() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let descriptors = protox::compile([PROTO], [root.join("proto")]).unwrap();
    let fresh = tempfile::tempdir().unwrap();
    fs::write(fresh.path().join(DESCRIPTORS), descriptors.encode_to_vec()).unwrap();
    tonic_prost_build::configure()
        .out_dir(fresh.path())
        .emit_rerun_if_changed(false)
        .codec_path("crate::codec::WeighedCodec")
        .compile_fds(descriptors)
        .unwrap();

    let committed = root.join("src/generated");
    if std::env::var_os("STRANDED_WRITE_GENERATED").is_some() {
        fs::create_dir_all(&committed).unwrap();
        for file in [CODE, DESCRIPTORS] {
            fs::copy(fresh.path().join(file), committed.join(file)).unwrap();
        }
    }
    for file in [CODE, DESCRIPTORS] {
        assert!(
            fs::read(fresh.path().join(file)).unwrap() == fs::read(committed.join(file)).unwrap(),
            "src/generated/{file} is stale; run STRANDED_WRITE_GENERATED=1 cargo test -p stranded-proto --test generated",
        );
    }
}
