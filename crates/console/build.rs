//! Builds the console anew when the pages that it embeds were built anew.

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
}
