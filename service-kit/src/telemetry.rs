//! Logs as one JSON object a line on standard error, and metrics as Prometheus text.
//!
//! Guarantees: times are UTC, values are escaped by the JSON writer. Deliberately absent: personal data; no caller of
//! this crate hands any in, and request lines hold route patterns, never addresses with values.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("`{0}` is no log filter; write it as info or gateway=debug,info")]
    Filter(String),
    /// Something else was installed before.
    #[error("logs or metrics were set up before")]
    Twice,
    /// A bucket list was wrong.
    #[error("metrics cannot be set up: {0}")]
    Metrics(String),
}

/// Starts logging, for the whole process, with a filter such as `info`.
pub fn log_to_stderr(filter: &str) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(filter).map_err(|_| TelemetryError::Filter(filter.to_owned()))?;
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(std::io::stderr);
    tracing_subscriber::registry().with(filter).with(lines).try_init().map_err(|_| TelemetryError::Twice)
}

/// The process's metrics.
#[derive(Clone, Debug)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Installs the recorder for the whole process. A second call is an error.
    pub fn install() -> Result<Self, TelemetryError> {
        const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
            .map_err(|error| TelemetryError::Metrics(error.to_string()))?
            .build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|_| TelemetryError::Twice)?;
        Ok(Self { handle })
    }

    /// The Prometheus text format, version 0.0.4.
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_rendered_as_prometheus_text_and_installed_once() {
        let metrics = Metrics::install().unwrap();
        metrics::counter!("kit_test_total", "outcome" => "ok").increment(2);
        metrics::histogram!("kit_test_seconds").record(0.003);
        let text = metrics.render();
        assert!(text.contains("kit_test_total{outcome=\"ok\"} 2"), "{text}");
        assert!(text.contains("kit_test_seconds_bucket{le=\"0.005\"} 1"), "{text}");
        assert!(matches!(Metrics::install(), Err(TelemetryError::Twice)));
    }

    #[test]
    fn a_wrong_filter_is_refused() {
        assert!(matches!(log_to_stderr("gateway=loud,,=="), Err(TelemetryError::Filter(_))));
    }

    #[test]
    fn log_lines_are_json_objects_with_escaped_values() {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "telemetry::tests::child_logs_a_line", "--ignored", "--nocapture"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let line = text.lines().find(|line| line.contains("hello")).unwrap();
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((line["message"].as_str(), line["what"].as_str()), (Some("hello"), Some("a\n\"b\"\u{1b}[31m")));
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    #[ignore = "run by the test above as a child process"]
    fn child_logs_a_line() {
        log_to_stderr("info").unwrap();
        tracing::info!(what = "a\n\"b\"\u{1b}[31m", "hello");
    }
}
