use std::{ffi::OsString, io, path::PathBuf, ptr, time::Duration};

use windows_service::{
    service::{
        Service, ServiceAccess, ServiceAction, ServiceActionType, ServiceErrorControl, ServiceFailureActions,
        ServiceFailureResetPeriod, ServiceInfo, ServiceSidType, ServiceStartType, ServiceType,
    },
    service_manager::{ServiceManager, ServiceManagerAccess},
};
use windows_sys::Win32::{
    Foundation::{
        ERROR_CALL_NOT_IMPLEMENTED, ERROR_INVALID_LEVEL, ERROR_SERVICE_DOES_NOT_EXIST, ERROR_SERVICE_EXISTS,
    },
    System::Services::{
        ChangeServiceConfig2W, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, SERVICE_REQUIRED_PRIVILEGES_INFOW,
    },
};

use super::{ServiceError, control, failed, has_code};

/// After how long without a failure the count of failures starts again.
const FAILURE_RESET: Duration = Duration::from_secs(24 * 60 * 60);
/// When the service is started again after its first, second, and every further failure.
const RESTARTS: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(60)];

/// A service that runs as LocalSystem and starts with the machine.
#[derive(Clone, Debug)]
pub struct ServiceDefinition {
    /// Name of the service.
    pub name: String,
    /// What administrators see.
    pub display_name: String,
    /// What it is for, in one or two sentences.
    pub description: String,
    /// Its program.
    pub executable: PathBuf,
    /// The program's arguments.
    pub arguments: Vec<OsString>,
    /// How long the machine waits for it at shutdown (`SERVICE_PRESHUTDOWN_INFO`).
    pub preshutdown: Duration,
    /// The privileges that its process keeps (`SeBackupPrivilege` …), all others are taken from it.
    pub privileges: Vec<&'static str>,
}

/// What [`install`] did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Installed {
    /// Whether the service is new; else it was there and is now as defined.
    pub created: bool,
    /// Settings that this system does not know.
    pub not_set: Vec<&'static str>,
}

/// Installs a service, or makes one that is there as defined. It is not started.
///
/// # Errors
/// When the service manager refuses: the caller is no administrator, or the service is marked for deletion.
pub fn install(definition: &ServiceDefinition) -> Result<Installed, ServiceError> {
    let name = definition.name.as_str();
    let fail = failed("install", name);
    let manager = ServiceManager::local_computer(
        None::<&str>,
        ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE,
    )
    .map_err(fail)?;
    let info = ServiceInfo {
        name: name.into(),
        display_name: OsString::from(&definition.display_name),
        service_type: ServiceType::OWN_PROCESS,
        start_type: ServiceStartType::AutoStart,
        error_control: ServiceErrorControl::Normal,
        executable_path: definition.executable.clone(),
        launch_arguments: definition.arguments.clone(),
        dependencies: Vec::new(),
        account_name: Some("LocalSystem".into()),
        account_password: None,
    };
    let (service, created) = match manager.create_service(&info, ServiceAccess::ALL_ACCESS) {
        Ok(service) => (service, true),
        Err(error) => {
            let error = ServiceError::new("install", name, error);
            if !has_code(&error.source, ERROR_SERVICE_EXISTS) {
                return Err(error);
            }
            let service = manager.open_service(name, ServiceAccess::ALL_ACCESS).map_err(fail)?;
            service.change_config(&info).map_err(fail)?;
            (service, false)
        }
    };
    let mut not_set = Vec::new();
    let mut set = |what: &'static str, result: windows_service::Result<()>| {
        let Err(error) = result else { return Ok(()) };
        let error = ServiceError::new("configure", name, error);
        let unknown = [ERROR_INVALID_LEVEL, ERROR_CALL_NOT_IMPLEMENTED];
        if !unknown.iter().any(|&code| has_code(&error.source, code)) {
            return Err(error);
        }
        not_set.push(what);
        Ok(())
    };
    set("description", service.set_description(&definition.description))?;
    set("failure actions", service.update_failure_actions(failure_actions()))?;
    set("failure actions after an error exit", service.set_failure_actions_on_non_crash_failures(true))?;
    set("service SID", service.set_config_service_sid_info(ServiceSidType::Unrestricted))?;
    set("preshutdown timeout", service.set_preshutdown_timeout(definition.preshutdown))?;
    set("required privileges", require_privileges(&service, &definition.privileges))?;
    Ok(Installed { created, not_set })
}

/// Stops a service, waits for its end, and removes it. Says whether it was there.
///
/// # Errors
/// When it does not stop in time (it is not removed then), or the service manager refuses.
pub fn uninstall(name: &str, timeout: Duration) -> Result<bool, ServiceError> {
    let access = ServiceAccess::STOP | ServiceAccess::QUERY_STATUS | ServiceAccess::DELETE;
    let service = match control::open("uninstall", name, access) {
        Ok(service) => service,
        Err(error) if has_code(&error.source, ERROR_SERVICE_DOES_NOT_EXIST) => return Ok(false),
        Err(error) => return Err(error),
    };
    control::stop_opened(&service, name, timeout)?;
    service.delete().map_err(failed("uninstall", name))?;
    Ok(true)
}

fn failure_actions() -> ServiceFailureActions {
    let restart = |delay| ServiceAction { action_type: ServiceActionType::Restart, delay };
    ServiceFailureActions {
        reset_period: ServiceFailureResetPeriod::After(FAILURE_RESET),
        reboot_msg: None,
        command: None,
        actions: Some(RESTARTS.map(restart).to_vec()),
    }
}

fn require_privileges(service: &Service, privileges: &[&str]) -> windows_service::Result<()> {
    // A list of texts that each end with a NUL, itself ended by one more.
    let mut list: Vec<u16> = privileges.iter().flat_map(|name| name.encode_utf16().chain([0])).collect();
    list.push(0);
    let info = SERVICE_REQUIRED_PRIVILEGES_INFOW { pmszRequiredPrivileges: list.as_mut_ptr() };
    // SAFETY: the handle is open, the structure is the one of this level, and the list it points at outlives the call.
    let set = unsafe {
        ChangeServiceConfig2W(
            service.raw_handle(),
            SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO,
            ptr::from_ref(&info).cast(),
        )
    };
    if set == 0 { Err(windows_service::Error::Winapi(io::Error::last_os_error())) } else { Ok(()) }
}
