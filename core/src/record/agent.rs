//! Where user agents end (R3: VARCHAR(255), truncated).

use super::check::leading_token;
use super::limits::MAX_USER_AGENT_CHARS;

/// Whether a user agent must be cut.
pub(crate) fn is_long_agent(agent: &str) -> bool {
    agent.len() > MAX_USER_AGENT_CHARS && agent.chars().nth(MAX_USER_AGENT_CHARS).is_some()
}

/// Where a user agent that is too long ends: before the token that the bound falls into, if it does.
pub(crate) fn cut_agent(agent: &str) -> usize {
    let end = agent.char_indices().nth(MAX_USER_AGENT_CHARS).map_or(agent.len(), |(end, _)| end);
    // A token has at most 64 bytes; see `leading_token`.
    let opening = agent[..end].rfind('[');
    opening.filter(|at| leading_token(&agent[*at..]).is_some_and(|len| at + len > end)).unwrap_or(end)
}
