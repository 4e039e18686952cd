//! Where user agents end (R3: VARCHAR(255), truncated).

use super::check::end_of;
use super::limits::MAX_USER_AGENT_CHARS;

/// Whether a user agent must be cut. A token counts as one character, so that scrubbing makes none too long.
pub(crate) fn is_long_agent(agent: &str) -> bool {
    agent.len() > MAX_USER_AGENT_CHARS && cut_agent(agent) < agent.len()
}

/// Where a user agent that is too long ends; never within a token.
pub(crate) fn cut_agent(agent: &str) -> usize {
    end_of(agent, MAX_USER_AGENT_CHARS)
}
