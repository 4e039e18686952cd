'use strict'

/** Whose records these are, until requests carry an identity: everything belongs to one tenant. */
const TENANT = 'default'

module.exports = { TENANT }
