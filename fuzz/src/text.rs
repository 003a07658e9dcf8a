use mp_registry::{
    KeyPath,
    reg_text::{self, CodePage, RegFile, WriteErrorKind, write_v5},
};

/// `.reg` text: reading never panics, and what was read is written so that it reads the same: in its own format, where the
/// code page can hold it, and in version 5.00 always.
///
/// # Panics
/// When that is not so.
pub fn reg_text(data: &[u8]) {
    for page in [1252, 932, 65001] {
        let Some(ansi) = CodePage::from_number(page) else { panic!("code page {page} is not known") };
        let Ok(file) = reg_text::read(data, ansi) else { continue };
        let top = KeyPath::root();
        let parts: Vec<_> = file.roots.iter().map(|(root, edit)| (*root, &top, edit)).collect();
        match write_v5(&parts) {
            Ok(written) => assert_eq!(read(&written, ansi).roots, file.roots, "reads as something else"),
            Err(error) => panic!("what was read cannot be written: {error}"),
        }
        match file.write(ansi) {
            Ok(written) => assert_eq!(read(&written, ansi), file, "reads as something else"),
            Err(error) if matches!(error.why, WriteErrorKind::NotInCodePage(_)) => {}
            Err(error) => panic!("what was read cannot be written: {error}"),
        }
    }
}

fn read(written: &[u8], ansi: CodePage) -> RegFile {
    match reg_text::read(written, ansi) {
        Ok(file) => file,
        Err(error) => panic!("what was written cannot be read: {error}"),
    }
}
