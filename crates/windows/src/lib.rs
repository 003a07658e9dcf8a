//! Every Win32 call: live registry, profiles, files
