/**
 * Calls between two users that the proxy controls (RFC 3725): the state of each call and of its two dialogs, and what is
 * passed from one dialog to the other. Messages are sent and received by the engine.
 */
@NullMarked
package org.sipproxy.core.internal.thirdparty;

import org.jspecify.annotations.NullMarked;
