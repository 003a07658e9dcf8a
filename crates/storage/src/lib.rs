//! The Storage Service: keeps data sets by SID in a folder, over mutual TLS
