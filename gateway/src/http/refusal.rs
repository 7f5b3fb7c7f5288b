//! From a refusal to its problem document.

use protocol::consent::Refusal;
use schemas::problem::Code;
use service_kit::server::ProblemResponse;

/// The problem of a refusal. Its reason stays in our own log; what can be tried again says when.
pub fn problem(refusal: Refusal) -> ProblemResponse {
    tracing::info!(code = %refusal.code(), because = refusal.because(), "refused");
    let problem = ProblemResponse::new(refusal.code());
    match refusal.code() {
        Code::Overloaded | Code::RegistryUnavailable | Code::BindingStatusUnavailable => problem.retry_after(1),
        Code::AnchorOverdue | Code::DirectoryOutdated => problem.retry_after(60),
        _ => problem,
    }
}
