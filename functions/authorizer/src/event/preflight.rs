//! What API Gateway may do with the answer to a CORS preflight that it keeps.

use super::AuthorizationRequest;

impl AuthorizationRequest<'_> {
    /// Whether an HTTP API may give a simple answer to this `OPTIONS` request to requests of other methods, too. It keeps
    /// an answer under the values of its identity sources, and none without such
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>). Under a route of
    /// `OPTIONS` alone it serves no other method, if the route's key is among them; unless the client sent the word, and
    /// with that maybe the key itself in a header that is an identity source.
    pub fn preflight_may_serve_other_methods(&self) -> bool {
        const VERB: &str = "OPTIONS";
        if self.event.identity_source.is_none() {
            return false;
        }
        let is_own_route = self.event.route_key.get().is_some_and(|key| {
            key.strip_prefix(VERB).is_some_and(|path| path.starts_with(' ')) && self.event.identity_source.contains(key)
        });
        let mut of_client = self
            .event
            .headers
            .all_values()
            .chain(self.event.query_string_parameters.all_values())
            .chain(self.event.cookies.iter());
        !is_own_route || of_client.any(|value| value.contains(VERB))
    }
}
