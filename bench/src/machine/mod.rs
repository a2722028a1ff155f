//! What Linux tells of processes and of the whole machine (proc(5)).

mod noise;
mod processor;

pub use noise::{Noise, Watch, describe};
pub use processor::{Clocks, Processes, peak_megabytes, ran, resident_megabytes};
