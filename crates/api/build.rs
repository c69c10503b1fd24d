//! The documents of `assets` are part of the program: a new bundle is a reason to build anew.

fn main() {
    println!("cargo::rerun-if-changed=assets");
}
