//! One CPU for everything: the driver, its stand-ins and the functions that it starts.
//!
//! On one CPU each hand-over is a plain switch between two threads. On two, each would wait for an idle CPU to wake up,
//! which on a virtual machine costs more than a whole invocation and differs from run to run.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Pins the calling thread, and so all threads and processes that it starts afterwards, to one CPU, and returns its number.
/// Without a wish it is the last CPU that the process may use: the first one usually serves the interrupts.
///
/// # Errors
/// The CPU does not exist, or the process may not use it.
pub fn pin(wish: Option<usize>) -> Result<usize, String> {
    let allowed = sched_getaffinity(None).map_err(|error| format!("cannot read the CPU affinity: {error}"))?;
    let cpu = match wish {
        Some(cpu) => cpu,
        None => (0..CpuSet::MAX_CPU)
            .rev()
            .find(|cpu| allowed.is_set(*cpu))
            .ok_or("no CPU is allowed")?,
    };
    if cpu >= CpuSet::MAX_CPU || !allowed.is_set(cpu) {
        return Err(format!("CPU {cpu} is not one that this process may use"));
    }
    let mut one = CpuSet::new();
    one.set(cpu);
    sched_setaffinity(None, &one).map_err(|error| format!("cannot pin to CPU {cpu}: {error}"))?;
    Ok(cpu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_inherit_the_pin() {
        std::thread::spawn(|| {
            let cpu = pin(None).unwrap();
            let seen = std::thread::spawn(|| sched_getaffinity(None).unwrap()).join().unwrap();
            assert!(seen.is_set(cpu));
            assert_eq!(seen.count(), 1);
            assert!(pin(Some(CpuSet::MAX_CPU)).is_err());
        })
        .join()
        .unwrap();
    }
}
