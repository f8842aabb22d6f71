/**
 * The four state machines of RFC 3261 §17, with RFC 6026 and RFC 4320.
 *
 * <p>Start with {@code TransactionTable}, which finds the transaction of a message, and {@code ServerTransaction},
 * whose lock guards everything that one request causes. {@code InviteServerTransaction},
 * {@code NonInviteServerTransaction}, {@code InviteClientTransaction} and {@code NonInviteClientTransaction} document
 * their state tables. {@code LingeringTable} keeps finished transactions compactly, and {@code TransactionBudget}
 * limits the memory of live ones.
 *
 * <p>Does not choose targets or responses: that is up to {@code internal.forwarding} and {@code internal.pipeline}.
 */
@NullMarked
package org.sipproxy.core.internal.transaction;

import org.jspecify.annotations.NullMarked;
