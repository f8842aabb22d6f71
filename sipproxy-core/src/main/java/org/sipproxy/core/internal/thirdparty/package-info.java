/**
 * Calls between two users that the proxy controls (RFC 3725): the state of each call and of its two dialogs, and what
 * is passed from one dialog to the other.
 *
 * <p>Start with {@code ThirdPartyCalls}, the table of these calls, and {@code ControlledCall}, which documents the
 * states of one. A {@code UserDialog} is one of its two dialogs.
 *
 * <p>Does not send or receive: {@code internal.engine} passes messages in and sends what is returned.
 */
@NullMarked
package org.sipproxy.core.internal.thirdparty;

import org.jspecify.annotations.NullMarked;
