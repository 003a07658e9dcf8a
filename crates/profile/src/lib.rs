//! What to keep of a profile and where it goes: subsets, export, import, ports
