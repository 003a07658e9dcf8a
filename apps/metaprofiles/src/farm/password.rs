use std::{
    io::{self, BufRead, IsTerminal},
    path::Path,
};

use anyhow::{Context, ensure};

use crate::input;

/// The longest password file that is read; the console takes 256 characters.
const MAX_FILE: u64 = 4096;

/// A password: from a file, else from the environment, else asked for at the terminal, else the first line of standard input.
/// Never from the command line, which other users of the machine can see.
pub(super) fn password(file: Option<&Path>, variable: &str, prompt: &str) -> anyhow::Result<String> {
    let password = match (file, std::env::var(variable)) {
        (Some(file), _) => {
            String::from_utf8(input::read(file, MAX_FILE)?).context("the password in the file is no text")?
        }
        (None, Ok(password)) => password,
        (None, Err(_)) if io::stdin().is_terminal() => {
            rpassword::prompt_password(format!("{prompt}: ")).context("cannot ask for the password")?
        }
        (None, Err(_)) => {
            let mut line = String::new();
            io::stdin()
                .lock()
                .read_line(&mut line)
                .context("cannot read the password from standard input")?;
            line
        }
    };
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    ensure!(
        !password.is_empty(),
        "no password; type it, give --password-file, set {variable}, or send it to standard input"
    );
    Ok(password)
}
