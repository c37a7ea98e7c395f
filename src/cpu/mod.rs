//! cpu stub replaced on merge
