//! Keys of the machine's own registry, where Group Policy writes.

use mp_registry::{KeyPath, Registry, Value};
use mp_windows::LiveRegistry;
use windows_sys::Win32::System::Registry::{HKEY_LOCAL_MACHINE, RegDeleteTreeW, RegSetValueExW};

use crate::support::{create_key, wide};

#[test]
fn a_key_of_the_machine_is_a_registry_of_its_own() {
    let path = format!(r"Software\Policies\MetaProfiles-test-{}", std::process::id());
    assert!(LiveRegistry::machine(&path).unwrap().is_none());
    let key = create_key(HKEY_LOCAL_MACHINE, &path, 0);
    let value = Value::expand_sz("StateFolder", r"%ProgramData%\a");
    let len = u32::try_from(value.data.len()).unwrap();
    // SAFETY: the key is open, name and data live until the call returns.
    let set = unsafe {
        RegSetValueExW(key.0, wide("StateFolder").as_ptr(), 0, value.ty.0, value.data.as_ptr(), len)
    };
    assert_eq!(set, 0);
    let machine = LiveRegistry::machine(&path).unwrap().unwrap();
    let listing = machine.list(&KeyPath::root()).unwrap().unwrap();
    assert_eq!(listing.values, [(value.name.clone(), value.ty, value.data.len())]);
    assert_eq!(machine.value(&KeyPath::root(), &"statefolder".into()).unwrap().unwrap().data, value.data);
    drop((key, machine));
    // SAFETY: the path ends with a NUL.
    assert_eq!(unsafe { RegDeleteTreeW(HKEY_LOCAL_MACHINE, wide(&path).as_ptr()) }, 0);
}
