//! Pages of the people's listener: for officers who sign in, and for the public.
//!
//! Guarantees: each page is sent under a policy that lets it load from here alone and run nothing inline; pages of officers are
//! never stored; a problem of a browser's request is a page in its language. Deliberately absent: what the pages show
//! (`console`), and every decision.

mod answer;
pub mod assets;
pub mod assisted;
pub mod audit;
pub mod break_glass;
pub mod home;
pub mod invitation;
pub mod keys;
pub mod links;
pub mod matching;
pub mod openid;
pub mod problems;
pub mod review;
pub mod rolls;
pub mod schemes;
pub mod sign_in;
pub mod statements;
pub mod status;
pub mod transparency;
pub mod triggers;
pub mod users;

pub(crate) use answer::{View, problem_page};

use std::sync::Arc;

use service_kit::access::Routes;

use self::answer::{refused, see, show};
use crate::app::App;

/// What everybody holds who signed in.
const ANYBODY: &str = "";
/// Bytes of a form.
const FORM: usize = 16 * 1024;

/// Adds the pages, and the sessions by which they know officers.
pub(crate) fn routes(app: &App, routes: Routes) -> Routes {
    let routes = routes.sessions(Arc::new(app.officers().clone())).problem_page(problem_page);
    public(officers(assets::routes(routes)))
}

fn officers(routes: Routes) -> Routes {
    let routes = openid::routes(invitation::routes(sign_in::routes(routes)));
    let routes = keys::routes(users::routes(home::routes(links::routes(routes))));
    let routes = schemes::routes(audit::routes(break_glass::routes(assisted::routes(routes))));
    matching::routes(rolls::routes(triggers::routes(review::routes(routes))))
}

fn public(routes: Routes) -> Routes {
    let routes = problems::routes(status::routes(transparency::routes(routes)));
    statements::routes(routes)
}

#[cfg(test)]
pub(crate) mod tests;
