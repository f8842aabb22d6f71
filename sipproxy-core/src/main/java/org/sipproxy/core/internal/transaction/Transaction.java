package org.sipproxy.core.internal.transaction;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.time.Timer;

/**
 * One half of a transaction: its timer and its charge to the {@link TransactionBudget}. All fields are guarded by the
 * lock of the server transaction that it is or serves.
 */
public abstract class Transaction extends Timer {

    final TransactionTable table;
    /** The timers when it began, which apply to its end. */
    final TransactionTimers timers;

    private int held;

    Transaction(TransactionTable table) {
        this.table = table;
        this.timers = table.timers();
    }

    /**
     * Sets the number of bytes that it keeps. The budget is charged or credited with the difference, so that 0 closes
     * the account.
     */
    final void holds(int bytes) {
        int difference = bytes - held;
        if (difference != 0) {
            held = bytes;
            table.budget().add(difference);
        }
    }

    static int length(byte @Nullable [] bytes) {
        return bytes == null ? 0 : bytes.length;
    }
}
