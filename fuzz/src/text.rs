use mp_registry::reg_text::{self, CodePage};

/// `.reg` text: reading never panics, and what was read is written so that it reads the same.
///
/// # Panics
/// When that is not so.
pub fn reg_text(data: &[u8]) {
    for page in [1252, 932, 65001] {
        let Some(ansi) = CodePage::from_number(page) else { panic!("code page {page} is not known") };
        let Ok(file) = reg_text::read(data, ansi) else { continue };
        match file.write(ansi) {
            Ok(written) => match reg_text::read(&written, ansi) {
                Ok(back) => assert_eq!(back, file, "reads as something else once written"),
                Err(error) => panic!("what was written cannot be read: {error}"),
            },
            Err(error) => panic!("what was read cannot be written: {error}"),
        }
    }
}
