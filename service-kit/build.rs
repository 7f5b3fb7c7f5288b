//! Embedded migrations are read at compile time; a changed file must compile them again.

fn main() {
    #[allow(clippy::print_stdout)] // this is how a build script speaks to cargo
    {
        println!("cargo:rerun-if-changed=migrations");
    }
}
