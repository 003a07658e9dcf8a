//! regf hive files: read, replay logs, write
