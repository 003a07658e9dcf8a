use std::fs;

use mp_console::{Console, ConsoleConfig, OpenError, Secret};
use tempfile::TempDir;

fn open(config: ConsoleConfig) -> Result<Console, OpenError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(Console::open(config))
}

#[test]
fn the_first_start_makes_everything_and_the_second_keeps_it() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("a state %20 ?#ä");
    let first = open(ConsoleConfig::new(&state)).unwrap();
    let password = first.initial_password().unwrap().reveal().to_owned();
    assert_eq!(password.len(), 27);
    let authority = first.authority_certificate().to_vec();
    assert!(!format!("{first:?}{:?}", first.initial_password()).contains(&password));
    drop(first);
    let second = open(ConsoleConfig::new(&state)).unwrap();
    assert!(second.initial_password().is_none());
    assert_eq!(second.authority_certificate(), authority);
    assert!(second.authority_certificate_pem().starts_with("-----BEGIN CERTIFICATE-----"));
    assert!(!second.authority_certificate_pem().contains("PRIVATE"));
}

#[test]
fn two_consoles_do_not_share_a_folder() {
    let folder = TempDir::new().unwrap();
    let first = open(ConsoleConfig::new(folder.path())).unwrap();
    assert!(matches!(open(ConsoleConfig::new(folder.path())), Err(OpenError::Locked(_))));
    drop(first);
    assert!(open(ConsoleConfig::new(folder.path())).is_ok());
}

#[test]
fn a_lost_or_damaged_authority_is_not_replaced() {
    let folder = TempDir::new().unwrap();
    drop(open(ConsoleConfig::new(folder.path())).unwrap());
    let path = folder.path().join("authority.pem");
    let text = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(matches!(open(ConsoleConfig::new(folder.path())), Err(OpenError::AuthorityMissing(_))));
    let other = TempDir::new().unwrap();
    drop(open(ConsoleConfig::new(other.path())).unwrap());
    let foreign = fs::read_to_string(other.path().join("authority.pem")).unwrap();
    let (key, _) = text.split_at(text.find("-----BEGIN CERTIFICATE").unwrap());
    let (_, certificate) = foreign.split_at(foreign.find("-----BEGIN CERTIFICATE").unwrap());
    for damaged in
        [String::new(), text.replace("CERTIFICATE", "X"), key.to_owned(), format!("{key}{certificate}")]
    {
        fs::write(&path, damaged).unwrap();
        assert!(matches!(open(ConsoleConfig::new(folder.path())), Err(OpenError::Authority { .. })));
    }
    fs::write(&path, text).unwrap();
    assert!(open(ConsoleConfig::new(folder.path())).is_ok());
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_key() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("state");
    drop(open(ConsoleConfig::new(&state)).unwrap());
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(state.join("authority.pem")), 0o600);
    assert_eq!(mode(state), 0o700);
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let folder = TempDir::new().unwrap();
    drop(open(ConsoleConfig::new(folder.path())).unwrap());
    let path = folder.path().join("console.db");
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        sqlx::any::install_default_drivers();
        let pool = sqlx::AnyPool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9999, 'future', 1, x'00', 0)",
        )
        .execute(&pool)
        .await
        .unwrap();
        pool.close().await;
    });
    assert!(matches!(open(ConsoleConfig::new(folder.path())), Err(OpenError::Migration { .. })));
}

#[test]
fn what_cannot_work_is_told_at_once() {
    let folder = TempDir::new().unwrap();
    let config =
        ConsoleConfig { public_names: vec!["https://x".to_owned()], ..ConsoleConfig::new(folder.path()) };
    assert!(matches!(open(config), Err(OpenError::PublicName(_))));
    let config =
        ConsoleConfig { initial_password: Some(Secret::new("short")), ..ConsoleConfig::new(folder.path()) };
    assert!(matches!(open(config), Err(OpenError::InitialPassword)));
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(open(ConsoleConfig::new(file.join("state"))), Err(OpenError::File { .. })));
}
