//! What is encrypted for the user.

use mp_windows::{decrypt_for_user, encrypt_for_user};

#[test]
fn what_is_encrypted_for_the_user_is_decrypted_by_the_user_and_not_when_cut() {
    let secret = encrypt_for_user(b"plain text").unwrap();
    assert!(!secret.windows(5).any(|part| part == b"plain"));
    assert_eq!(decrypt_for_user(&secret).unwrap(), b"plain text");
    assert!(decrypt_for_user(&secret[..secret.len() / 2]).is_err());
}
