/// Adds UTF-16 to the inside of a JSON string. Text becomes UTF-8; control characters and lone surrogates become escapes.
pub(crate) fn push_name(out: &mut Vec<u8>, units: &[u16]) {
    for decoded in char::decode_utf16(units.iter().copied()) {
        match decoded {
            Ok(character) => push_char(out, character),
            Err(lone) => push_escape(out, lone.unpaired_surrogate()),
        }
    }
}

/// Adds bytes as lower-case hexadecimal digits.
pub(crate) fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS[usize::from(nibble & 0xF)];
    out.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]));
}

fn push_char(out: &mut Vec<u8>, character: char) {
    match character {
        '"' | '\\' => out.extend([b'\\', u8::try_from(character).unwrap_or(b'"')]),
        // Beyond what JSON asks for, DEL and the C1 controls are escaped, for terminals obey them.
        ..' ' | '\u{7F}'..='\u{9F}' => push_escape(out, u16::try_from(u32::from(character)).unwrap_or(0)),
        _ => out.extend(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

fn push_escape(out: &mut Vec<u8>, unit: u16) {
    out.extend(br"\u");
    push_hex(out, &unit.to_be_bytes());
}
