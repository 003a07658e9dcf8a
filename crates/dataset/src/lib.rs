//! The data set: content, file format, diff
