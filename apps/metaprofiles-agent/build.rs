//! Gives the Windows program its message table, from which the event log takes the texts of the Agent's events, and lays its
//! file out in pages.

#[allow(dead_code, reason = "the program uses the rest")]
#[path = "src/events.rs"]
mod events;

use std::{env, fs, path::Path, process::Command};

/// Comes with mingw's linker, which the target needs anyhow.
const WINDRES: &str = "x86_64-w64-mingw32-windres";
/// `RT_MESSAGETABLE`.
const MESSAGE_TABLE: u16 = 11;

fn main() {
    println!("cargo::rerun-if-changed=src/events.rs");
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_WINDOWS").is_err() {
        return;
    }
    // Wine maps a file whose sections begin at pages, and copies any other into memory that the process has to itself.
    println!("cargo::rustc-link-arg-bins=-Wl,--file-alignment,4096");
    let out = env::var("OUT_DIR").expect("cargo says where the output goes");
    let place = |name: &str| Path::new(&out).join(name);
    fs::write(place("messages.bin"), message_table()).expect("the output folder can be written");
    fs::write(place("agent.rc"), format!("1 {MESSAGE_TABLE} \"messages.bin\"\n"))
        .expect("the output folder can be written");
    let mut windres = Command::new(WINDRES);
    windres.current_dir(&out).args(["agent.rc", "-O", "coff", "-o", "agent.res.o"]);
    match windres.status() {
        Ok(done) if done.success() => {
            println!("cargo::rustc-link-arg-bins={}", place("agent.res.o").display());
        }
        // The program works without: the event log then shows the numbers with the bare texts.
        failed => println!("cargo::warning=no message table: {WINDRES}: {failed:?}"),
    }
}

/// `MESSAGE_RESOURCE_DATA` (winnt.h): blocks of consecutive numbers, and the texts of each block one after another.
fn message_table() -> Vec<u8> {
    let mut messages: Vec<(u32, &str)> = events::EVENTS.iter().map(|event| (event.id, event.text)).collect();
    messages.extend(events::OF_CODES.map(|id| (id, events::CODE_TEXT)));
    messages.sort_unstable();
    let blocks: Vec<&[(u32, &str)]> = messages.chunk_by(|(a, _), (b, _)| *b == a + 1).collect();
    let (mut head, mut texts) = (number(blocks.len()).to_vec(), Vec::new());
    let start = 4 + 12 * blocks.len();
    for block in blocks {
        let (first, last) = (block[0].0, block[block.len() - 1].0);
        head.extend([first.to_le_bytes(), last.to_le_bytes(), number(start + texts.len())].concat());
        for (_, text) in block {
            let mut units: Vec<u16> = text.encode_utf16().chain([13, 10, 0]).collect();
            // Entries begin at multiples of four.
            if units.len() % 2 == 1 {
                units.push(0);
            }
            let len = u16::try_from(4 + 2 * units.len()).expect("a message is short");
            // 1 says that the text is UTF-16.
            texts.extend([len, 1].into_iter().chain(units).flat_map(u16::to_le_bytes));
        }
    }
    [head, texts].concat()
}

fn number(value: usize) -> [u8; 4] {
    u32::try_from(value).expect("the table is small").to_le_bytes()
}
