//! Asks for the code that a device shows.
//!
//! *Invariant*: asked at a terminal only; what is typed goes to the caller and nowhere else.

use dialoguer::theme::ColorfulTheme;

/// The six digits that this device shows now.
///
/// # Errors
/// The terminal failed, or the person left.
pub fn ask(serial: &str) -> std::io::Result<String> {
    dialoguer::Input::<String>::with_theme(&ColorfulTheme::default())
        .with_prompt(format!("Code of {serial}"))
        .validate_with(|code: &String| {
            if is_code(code.trim()) {
                Ok(())
            } else {
                Err("a code is six digits")
            }
        })
        .interact_text()
        .map(|code| code.trim().to_owned())
        .map_err(|error| {
            let dialoguer::Error::IO(error) = error;
            error
        })
}

fn is_code(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::is_code;

    #[test]
    fn a_code_is_six_digits() {
        assert!(is_code("042317"));
        for wrong in ["", "42317", "0423170", "04231x", "０４２３１７"] {
            assert!(!is_code(wrong), "{wrong}");
        }
    }
}
