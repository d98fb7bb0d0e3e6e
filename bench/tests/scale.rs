//! The page about scale is true: its generated parts are what the simulation and the measurement that is kept make of them.

use std::path::Path;

use bench::{readme, scale, simulate};

#[test]
fn generated_parts_of_the_page_are_what_is_generated() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let page = std::fs::read_to_string(docs.join(scale::PAGE)).unwrap();
    let svg = docs.join(scale::PLOT);
    let svg = svg.exists().then(|| std::fs::read_to_string(&svg).unwrap());
    let kept = scale::kept();
    let growth = kept.exists().then(|| scale::read(&kept).unwrap());
    let simulated = simulate::sections(growth.as_ref());
    let mut faults = scale::faults(&page, svg.as_deref(), growth.as_ref(), &simulated);
    let front = std::fs::read_to_string(docs.join("..").join(readme::PAGE)).unwrap();
    let run = readme::kept().unwrap();
    let parts = readme::sections(run.as_ref(), growth.as_ref());
    faults.extend(scale::stale(readme::PAGE, &front, &parts));
    assert!(
        faults.is_empty(),
        "{}\n`make bench ARGS=\"--simulate --docs=docs\"` writes them anew",
        faults.join("\n")
    );
}

#[test]
fn a_measurement_that_is_kept_is_whole_and_of_a_machine_without_a_name() {
    let kept = scale::kept();
    if !kept.exists() {
        // Then the page says so; the test above holds it to that.
        return;
    }
    let growth = scale::read(&kept).unwrap();
    let names: Vec<&str> = growth.series.iter().map(|series| series.name.as_str()).collect();
    let all: Vec<&str> = bench::growth::series::all().iter().map(|series| series.name).collect();
    assert_eq!(names, all);
    assert!(growth.series.iter().all(|series| series.verdict().is_some()));
}
