//! Sends JSON Lines through a client: `send CONFIG RECORDS`, both paths. A line `{"measure":{…}}` is a measurement, any
//! other a record. Prints the statistics; used by the interop tests, and shows the client in a few lines.

use std::error::Error;
use std::fs;
use std::time::Duration;

use scrubjay_core::{Client, Config, Measurement, MetricKind};
use serde_json::Value;

/// Far beyond what a loopback server needs.
const TIMEOUT: Duration = Duration::from_secs(20);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(config), Some(records)) = (arguments.next(), arguments.next()) else {
        return Err("usage: send CONFIG RECORDS".into());
    };
    let client = Client::new(&Config::from_json(&fs::read_to_string(config)?)?)?;
    for line in fs::read_to_string(records)?.lines() {
        let value: Value = serde_json::from_str(line)?;
        let taken = match value.get("measure") {
            Some(measurement) => measure(&client, measurement)?,
            None => client.track(line.as_bytes()),
        };
        if !taken {
            return Err(format!("not taken: {line}").into());
        }
    }
    let is_all = client.shutdown(TIMEOUT);
    println!("{}", client.stats());
    if is_all { Ok(()) } else { Err("records were left behind".into()) }
}

fn measure(client: &Client, measurement: &Value) -> Result<bool, Box<dyn Error>> {
    let text = |name: &str| measurement[name].as_str().unwrap_or_default();
    let kind = MetricKind::named(text("type")).ok_or("type must be one of a metric's")?;
    let value = measurement["value"].as_f64().ok_or("value must be a number")?;
    let attributes = measurement.get("attributes").map(ToString::to_string).unwrap_or_default();
    let measurement = Measurement { name: text("name"), kind, unit: text("unit"), value, attributes: &attributes };
    Ok(client.measure(&measurement))
}
