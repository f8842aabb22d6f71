/** Credentials and the contract of an authentication component. RFC 3261 §22. */
@NullMarked
package org.sipproxy.api.auth;

import org.jspecify.annotations.NullMarked;
