//! What every parser promises of every text.

use timestamp_core::{EpochMs, ParseError};

/// Asserts that a result is one that may be: an instant that survives its own text, or a refusal that says where in the text
/// and shows no more of it than it may.
pub fn holds(text: &str, result: &Result<EpochMs, ParseError>) {
    match result {
        Ok(instant) => {
            assert!((EpochMs::MIN..=EpochMs::MAX).contains(instant));
            assert_eq!(instant.to_string().parse::<EpochMs>().as_ref(), Ok(instant));
        }
        Err(error) => refuses(text, error),
    }
}

/// Asserts that a refusal says where in the text, and shows at most 64 characters of it.
pub fn refuses(text: &str, error: &ParseError) {
    assert!(text.is_char_boundary(error.position()), "byte {}", error.position());
    let message = error.to_string();
    assert!(message.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{message:?}");
    // 64 characters, at most ten bytes each when escaped, and the words around them.
    assert!(message.len() < 64 * 10 + 300, "{}", message.len());
}
