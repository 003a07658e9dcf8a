use std::io;

use windows_sys::Win32::System::{
    SystemServices::PROCESS_MITIGATION_REDIRECTION_TRUST_POLICY,
    Threading::{ProcessRedirectionTrustPolicy, SetProcessMitigationPolicy},
};

/// Has the system refuse, for this process and for good, to follow junctions that were not made by administrators
/// (RedirectionGuard). It comes on top of what the file walk does itself; systems before Windows 10 22H2 do not know it, and
/// the caller goes on without.
///
/// # Errors
/// When the system does not know the policy or refuses it.
pub fn refuse_redirections() -> io::Result<()> {
    // Bit 0 is EnforceRedirectionTrust.
    let mut policy = PROCESS_MITIGATION_REDIRECTION_TRUST_POLICY::default();
    policy.Anonymous.Flags = 1;
    // SAFETY: the structure is the one of this policy.
    let set = unsafe {
        SetProcessMitigationPolicy(
            ProcessRedirectionTrustPolicy,
            (&raw const policy).cast(),
            size_of_val(&policy),
        )
    };
    if set == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
