//! What a process under Wine has resident, by what its mappings are (`/proc/<pid>/smaps`, proc_pid_smaps(5)).

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::FileExt as _,
};

use anyhow::{Context, Result};

/// The group of what Wine cleared in stacks and nobody used.
pub(super) const CLEARED_STACKS: &str = "cleared-stacks";
/// The group of what Wine's bcrypt loads.
pub(super) const CRYPTOGRAPHY: &str = "cryptography";
/// GnuTLS and the libraries that it loads, by the beginnings of their names.
const GNUTLS: [&str; 9] = [
    "libgnutls",
    "libp11-kit",
    "libnettle",
    "libhogweed",
    "libgmp",
    "libtasn1",
    "libidn2",
    "libunistring",
    "libffi",
];

/// Bytes of a page.
const PAGE: u16 = 4096;
/// What says in `/proc/<pid>/pagemap` that a page is in memory.
const PRESENT: u64 = 1 << 63;

/// One mapping of a process.
struct Mapping {
    addresses: std::ops::Range<u64>,
    path: String,
    resident: f64,
}

/// KiB that are resident, by group of mappings.
///
/// Pages of stacks that hold nothing but zeros are a group of their own: Wine 8 clears 960 KiB of the stack of each thread that it
/// starts (`signal_start_thread` of its ntdll), and so takes memory for what the thread never uses.
pub(super) fn resident(process: u32) -> Result<BTreeMap<&'static str, f64>> {
    let stacks = stack_pointers(process)?;
    let mut groups = BTreeMap::new();
    for mapping in mappings(process)? {
        let group = group(&mapping, &stacks);
        let cleared = if group == "stacks" { cleared(process, &mapping)? } else { 0.0 };
        *groups.entry(group).or_insert(0.0) += mapping.resident - cleared;
        *groups.entry(CLEARED_STACKS).or_insert(0.0) += cleared;
    }
    Ok(groups)
}

/// KiB of pages that are in memory and hold only zeros.
fn cleared(process: u32, mapping: &Mapping) -> Result<f64> {
    let pages = File::open(format!("/proc/{process}/pagemap"))?;
    let memory = File::open(format!("/proc/{process}/mem"))?;
    let mut found = 0_u32;
    let length = u64::from(PAGE);
    let mut content = vec![0; usize::from(PAGE)];
    for page in mapping.addresses.start / length..mapping.addresses.end / length {
        let mut entry = [0; 8];
        pages.read_exact_at(&mut entry, page * 8)?;
        if u64::from_ne_bytes(entry) & PRESENT != 0 {
            memory.read_exact_at(&mut content, page * length)?;
            found += u32::from(content.iter().all(|byte| *byte == 0));
        }
    }
    Ok(f64::from(found) * f64::from(PAGE) / 1024.0)
}

fn group(mapping: &Mapping, stacks: &[u64]) -> &'static str {
    let name = mapping.path.rsplit('/').next().unwrap_or_default();
    if stacks.iter().any(|pointer| mapping.addresses.contains(pointer)) {
        "stacks"
    } else if GNUTLS.iter().any(|library| name.starts_with(library)) {
        CRYPTOGRAPHY
    } else if mapping.path.contains("/drive_c/") || name.ends_with(".exe") {
        "program"
    } else if mapping.path.contains("/wine/") {
        "wine-libraries"
    } else if mapping.path.starts_with('/') {
        "other-files"
    } else {
        "heaps-and-rest"
    }
}

fn mappings(process: u32) -> Result<Vec<Mapping>> {
    let mut found: Vec<Mapping> = Vec::new();
    for line in fs::read_to_string(format!("/proc/{process}/smaps"))?.lines() {
        if let Some(count) = line.strip_prefix("Rss:") {
            let last = found.last_mut().context("a count without a mapping")?;
            last.resident = count.trim().trim_end_matches(" kB").parse()?;
        } else if let Some((from, to)) = line.split(' ').next().and_then(|range| range.split_once('-')) {
            // Addresses, rights, offset, device, inode, and the path, which may have spaces.
            let path = line.splitn(6, ' ').nth(5).unwrap_or_default().trim().to_owned();
            let addresses = u64::from_str_radix(from, 16)?..u64::from_str_radix(to, 16)?;
            found.push(Mapping { addresses, path, resident: 0.0 });
        }
    }
    Ok(found)
}

/// Where the stack of each thread is that waits in the kernel; the last but one word of `syscall`.
fn stack_pointers(process: u32) -> Result<Vec<u64>> {
    let mut pointers = Vec::new();
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(thread?.path().join("syscall"))?;
        let pointer = text.split_whitespace().rev().nth(1).and_then(|word| word.strip_prefix("0x"));
        if let Some(pointer) = pointer {
            pointers.push(u64::from_str_radix(pointer, 16)?);
        }
    }
    Ok(pointers)
}
