//! Regions that a survey left out.

use stepwell_workflows::aurora::SkippedRegion;

use super::printer::Printer;

/// Says which regions could not be looked at.
pub fn warn(printer: &Printer, skipped: &[SkippedRegion]) {
    for skipped in skipped {
        printer.warn(format!(
            "region {} is left out: {}",
            skipped.region, skipped.fault
        ));
    }
}
